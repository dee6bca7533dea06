from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from showtell.metrics.ngrams import NgramIndex

SENTENCES = st.lists(st.lists(st.sampled_from("abcde"), max_size=9), max_size=6)


def count_plainly(sentence):
    """Count by making every n-gram: order -> how often each of its n-grams occurs, sorted."""
    return [
        sorted(Counter(tuple(sentence[i : i + n]) for i in range(len(sentence) - n + 1)).values())
        for n in (1, 2, 3, 4)
    ]


@given(SENTENCES, SENTENCES)
def test_ngrams_are_counted_as_by_making_each_of_them(known, sentences):
    counts = NgramIndex(known).count(sentences)
    for number, sentence in enumerate(sentences):
        found = [
            sorted(counts.count[(counts.sentence == number) & (counts.order == order)].tolist())
            for order in range(4)
        ]
        assert found == count_plainly(sentence)
    assert counts.lengths.tolist() == [len(sentence) for sentence in sentences]


@given(SENTENCES, st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4)))
def test_each_ngram_has_an_id_of_its_own_and_known_ones_are_below_size(known, ngrams):
    index = NgramIndex(known)
    counts = index.count(ngrams)
    whole = counts.order == counts.lengths[counts.sentence] - 1  # the sentence itself
    names = dict(zip(counts.sentence[whole].tolist(), counts.ngram[whole].tolist(), strict=True))
    ids = {(tuple(words), names[number]) for number, words in enumerate(ngrams)}
    assert len(ids) == len(dict(ids)) == len({name for _, name in ids})
    held = {tuple(s[i : i + n]) for s in known for n in (1, 2, 3, 4) for i in range(len(s) - n + 1)}
    assert index.size == len(held)
    assert all((name < index.size) == (words in held) for words, name in ids)


def test_strangers_are_told_apart_and_found_again_within_a_call():
    index = NgramIndex([["a"]])
    counts = index.count([["x", "y"], ["y"]])
    words = counts.ngram[counts.order == 0]
    assert (words >= index.size).all()
    assert words[1] == words[2]
    assert words[0] != words[1]


def test_an_index_of_nothing_counts_all_the_same():
    counts = NgramIndex([]).count([["a", "b"], []])
    assert np.bincount(counts.order, minlength=4).tolist() == [2, 1, 0, 0]
