import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.errors import DataError
from showtell.metrics import CiderD, cider, cider_d
from showtell.metrics.cider import people_among_themselves

from .samples import AWKWARD, CAT, DOG, SAMPLES

GAP_OF_ONE = math.exp(-1 / (2 * 6**2))  # the Gaussian, sigma 6, for one bigram more or less


def score(caption, *references):
    """Score one caption beside an image that has nothing to do with it."""
    return each(
        [caption.split(), ["unrelated"]],
        [[reference.split() for reference in references], [["unrelated"]]],
    )[0]


def each(captions, references, **options):
    """Score each image."""
    return cider(captions, references, **options).per_image[:, 0]


def test_a_caption_equal_to_its_only_reference_scores_ten():
    assert score("a dog runs fast", "a dog runs fast") == pytest.approx(10)


def test_the_four_orders_of_ngrams_weigh_the_same():
    assert score("dog", "dog") == pytest.approx(10 * 1 / 4)
    assert score("a dog", "a dog") == pytest.approx(10 * 2 / 4)
    assert score("a dog runs", "a dog runs") == pytest.approx(10 * 3 / 4)


def test_the_references_are_averaged():
    assert score("a dog runs fast", "a dog runs fast", "x y z w") == pytest.approx(5)


def test_a_difference_in_length_is_punished():
    # One of two equally rare words: the cosine is 1/√2, for words alone.
    assert score("dog", "dog runs") == pytest.approx(10 / 4 / math.sqrt(2) * GAP_OF_ONE)


def test_a_repeated_word_is_clipped_to_the_reference():
    # min(2, 1) · 1 / (2 · 1) for words; the caption's one bigram matches nothing.
    assert score("dog dog", "dog") == pytest.approx(10 / 4 * 1 / 2 * GAP_OF_ONE)


def test_a_word_of_every_image_weighs_nothing():
    assert each([["a"], ["a"]], [[["a", "dog"]], [["a", "cat"]]]) == pytest.approx([0, 0])


def test_a_rarer_word_weighs_more():
    # Of 3 images "dog" is in 1 and "a" in 2: idf log 3 and log 3/2.
    references = [[["a", "dog"]], [["a", "cat"]], [["fish"]]]
    rare = each([["dog"], [], []], references)
    common = each([["a"], [], []], references)
    norm = math.hypot(math.log(3), math.log(3 / 2))
    assert rare[0] == pytest.approx(10 / 4 * math.log(3) / norm * GAP_OF_ONE)
    assert common[0] == pytest.approx(10 / 4 * math.log(3 / 2) / norm * GAP_OF_ONE)


def test_a_word_counts_once_for_an_image_however_many_references_hold_it():
    once = each([["dog"], ["cat"]], [[["dog"]], [["cat"]]])
    often = each([["dog"], ["cat"]], [[["dog"]] * 5, [["cat"]] * 5])
    assert often == pytest.approx(once)


def test_a_single_image_scores_zero():
    assert cider([DOG], [[DOG]]).corpus == pytest.approx([0])


def test_the_corpus_value_is_the_mean_over_images():
    result = cider([DOG, CAT[:4]], [[DOG], [CAT]])
    assert result.per_image[0] == pytest.approx(10)
    assert result.corpus == pytest.approx(result.per_image.sum() / 2)


# Document frequencies of the user's own


def test_a_corpus_of_ones_own_decides_what_is_rare():
    # Of 4 documents "dog" is in 2 and "a" in 4: idf log 2 and 0, whatever the references hold.
    corpus = [[["a", "dog"]], [["a", "dog"]], [["a"]], [["a"]]]
    references = [[["a", "dog"]]]
    assert each([["dog"]], references, corpus=corpus) == pytest.approx(10 / 4 * GAP_OF_ONE)
    assert each([["a"]], references, corpus=corpus) == pytest.approx(0)


def test_the_references_as_their_own_corpus_change_nothing():
    captions, references = AWKWARD["1 to 8 references"]
    own = cider(captions, references)
    given = cider(captions, references, corpus=references)
    np.testing.assert_allclose(given.per_image, own.per_image, atol=1e-12)
    assert own.settings == {"df": "references"}
    assert given.settings["df"].startswith("corpus-8-")


def test_a_word_that_no_document_holds_counts_as_if_one_did():
    corpus = [[["a"]], [["b"]], [["c"]]]
    once = [[["dog"]], [["b"]], [["c"]]]
    found = [each([["dog"]], [[["dog", "a"]]], corpus=documents) for documents in (corpus, once)]
    # "a" is as rare in the first corpus as "dog" is in the second: each weighs log 3 beside log 3.
    assert found[0] == pytest.approx(found[1])


def test_cider_d_is_the_same_formula_under_the_papers_name():
    sample = AWKWARD["1 to 8 references"]
    assert cider_d(*sample).names == ("CIDEr-D",)
    np.testing.assert_array_equal(cider_d(*sample).per_image, cider(*sample).per_image)


# Self-critical training: references prepared once, many captions of some of the images


@given(SAMPLES, st.randoms(use_true_random=False))
def test_captions_scored_in_any_order_and_number_get_what_they_get_alone(sample, random):
    captions, references = sample
    scorer = CiderD(references)
    expected = scorer.score(captions)
    images = random.choices(range(len(captions)), k=7)
    found = scorer.score([captions[image] for image in images], images)
    np.testing.assert_allclose(found, expected[images], atol=1e-12)


def test_words_may_be_token_ids():
    captions, references = [[7, 8, 9, 4]], [[[7, 8, 9, 4]], [[5]]]
    assert CiderD(references).score(captions, [0]) == pytest.approx([10])


def test_captions_seen_before_do_not_change_a_score():
    scorer = CiderD([[DOG], [CAT]])
    before = scorer.score([DOG, ["new", "words"]])
    scorer.score([["more", "new", "words"], CAT])
    np.testing.assert_array_equal(scorer.score([DOG, ["new", "words"]]), before)


def test_no_captions_get_no_scores():
    assert CiderD([[DOG]]).score([], []).shape == (0,)


def test_as_many_captions_as_images_are_required():
    with pytest.raises(DataError, match="1 captions for 2 images"):
        cider([DOG], [[DOG], [CAT]])


@pytest.mark.parametrize("image", [-1, 2])
def test_an_image_that_is_not_there_is_refused(image):
    with pytest.raises(DataError, match="images are numbered from 0 to 1"):
        CiderD([[DOG], [CAT]]).score([DOG], [image])


def test_an_image_without_a_reference_is_refused():
    with pytest.raises(DataError, match="every image needs at least one reference"):
        CiderD([[DOG], []])


# The reference implementation


@pytest.mark.parametrize("sample", AWKWARD.values(), ids=AWKWARD)
def test_awkward_captions_score_as_in_coco_caption(coco_cider, sample):
    assert_scores_agree(cider(*sample), coco_cider(*sample))


@given(SAMPLES)
def test_any_captions_score_as_in_coco_caption(coco_cider, sample):
    assert_scores_agree(cider(*sample), coco_cider(*sample))


def assert_scores_agree(ours, theirs):
    assert ours.corpus[0] == pytest.approx(theirs[0], rel=0, abs=1e-9)
    np.testing.assert_allclose(ours.per_image[:, 0], theirs[1], rtol=0, atol=1e-9)


@given(SAMPLES, SAMPLES)
def test_frequencies_of_a_corpus_score_as_if_coco_caption_had_seen_its_images_too(
    coco_cider, sample, other
):
    captions, references = sample
    corpus = [*references, *other[1]]
    _, expected = coco_cider([*captions, *other[0]], corpus)
    found = each(captions, references, corpus=corpus)
    np.testing.assert_allclose(found, expected[: len(captions)], rtol=0, atol=1e-9)


def test_people_are_scored_against_the_others_of_their_image() -> None:
    references = [
        [
            ["a", "dog", "runs", "on", "the", "grass"],
            ["a", "dog", "runs", "over", "grass"],
            ["a", "pet"],
        ],
        [["a", "man", "swims"], ["a", "man", "swims", "in", "the", "sea"]],
        [["alone"]],
    ]
    scores = people_among_themselves(references)
    assert [len(of_image) for of_image in scores] == [3, 2, 1]
    expected = CiderD([references[0][1:]], corpus=references).score([references[0][0]])
    assert scores[0][0] == pytest.approx(expected[0])
    assert scores[0][2] < scores[0][0]
    assert scores[2].tolist() == [0]
