"""Ours against the original METEOR 1.5: the same statistics to the last word and chunk.

More of Flickr8k than the sample: SHOWTELL_METEOR_IMAGES=5000 (of 8,091; two minutes).
"""

import os
import random
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.metrics.meteor import meteor_formula

from ..samples import AWKWARD

pytestmark = pytest.mark.slow

WORDS = """
    a the two in front of at on is are man men person people woman dog dogs puppy run runs running
    jog quickly quick sit sits sitting seat car automobile vehicle bike bicycle road street grass
    field many lot group child kid young little small
""".split()  # noqa: SIM905
# Marks that METEOR's normaliser treats in ways of their own, among letters and digits.
CHARACTERS = "abZ05 .,'-\"’–“!éU"

sentences = st.lists(st.sampled_from(WORDS), max_size=16)
related = sentences.flatmap(
    lambda words: st.tuples(st.just(words), st.lists(st.permutations(words), max_size=3))
)


@pytest.fixture(scope="module")
def meteor(quick_meteor):
    sentences = [sentence for _, images in AWKWARD.values() for refs in images for sentence in refs]
    known = {word.encode() for word in [*WORDS, *chain(*sentences)]}
    marks = set(CHARACTERS.lower().encode())
    return quick_meteor(lambda word: word in known or marks.issuperset(word))


@pytest.mark.parametrize("sample", AWKWARD.values(), ids=AWKWARD)
def test_awkward_captions_have_the_statistics_of_the_jar(meteor, real_jar, sample):
    assert_equal(meteor, real_jar, *sample)


@given(caption=sentences, references=st.lists(sentences, min_size=1, max_size=8))
def test_any_captions_have_the_statistics_of_the_jar(meteor, real_jar, caption, references):
    assert_equal(meteor, real_jar, [caption], [references])


@given(related, sentences)
def test_the_same_words_in_any_order_have_the_statistics_of_the_jar(
    meteor, real_jar, related, other
):
    caption, references = related
    assert_equal(meteor, real_jar, [caption], [[*references, other]])


@given(st.text(CHARACTERS, max_size=20), st.text(CHARACTERS, max_size=20))
def test_any_text_has_the_statistics_of_the_jar(meteor, real_jar, caption, reference):
    assert_equal(meteor, real_jar, [[caption]], [[[reference]]])


def test_the_formula_gives_the_scores_of_the_jar(real_meteor, real_jar):
    captions, references = AWKWARD["1 to 8 references"]
    rows = real_meteor.statistics(captions, references)
    lines = [" ".join(map(str, row)) for row in rows]
    first = real_jar._ask(" ||| ".join(["EVAL", *lines]))
    *each, corpus = [float(first), *(float(real_jar._process.stdout.readline()) for _ in rows)]
    np.testing.assert_allclose(meteor_formula(rows), each, rtol=0, atol=1e-9)
    np.testing.assert_allclose(meteor_formula(rows.sum(axis=0)), corpus, rtol=0, atol=1e-9)


# Captions of people, by themselves, mixed up, and of other images


@pytest.fixture(scope="module")
def flickr8k_captions():
    folder = os.environ.get("SHOWTELL_FLICKR8K")
    if folder is None:
        pytest.skip("SHOWTELL_FLICKR8K is not set")
    (table,) = Path(folder).rglob("Flickr8k.token.txt")
    images = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        name, caption = line.split("\t")
        images.setdefault(name.partition("#")[0], []).append(caption.lower().split())
    number = int(os.environ.get("SHOWTELL_METEOR_IMAGES", "300"))
    return random.Random(0).sample(list(images.values()), number)


def shuffled(words):
    return random.Random(0).sample(words, len(words))


HYPOTHESES = {
    "one of five": lambda images: [first for first, *_ in images],
    "of another image": lambda images: [first for first, *_ in images[1:] + images[:1]],
    "shuffled": lambda images: [shuffled(first) for first, *_ in images],
}


@pytest.mark.flickr8k
@pytest.mark.parametrize("references", [1, 4])
@pytest.mark.parametrize("captions", HYPOTHESES.values(), ids=HYPOTHESES)
def test_real_captions_have_the_statistics_of_the_jar(
    real_meteor, real_jar, flickr8k_captions, captions, references
):
    others = [rest[:references] for _, *rest in flickr8k_captions]
    assert_equal(real_meteor, real_jar, captions(flickr8k_captions), others)


def assert_equal(ours, theirs, captions, references):
    expected = theirs.statistics(captions, references)
    np.testing.assert_array_equal(ours.statistics(captions, references), expected)
