import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.config import BeamConfig
from showtell.decoding import by_consensus, greedy_search, search
from showtell.decoding.consensus import agreement
from showtell.decoding.stepper import make_hypothesis
from showtell.metrics.cider import CiderD

from .decoders import TableStepper, random_decoder

DOG, CAT, RUNS, SITS, ON, GRASS = range(4, 10)
captions = st.lists(st.lists(st.integers(4, 9), min_size=1, max_size=12), min_size=1, max_size=6)


def hypotheses(*proposed):
    """Make hypotheses of (token ids, probability)."""
    return [make_hypothesis(i, math.log(p), finished=True, length_penalty=0.7) for i, p in proposed]


def test_the_caption_that_others_repeat_beats_the_likeliest():
    found = by_consensus(
        hypotheses(([CAT, SITS], 0.4), ([DOG, RUNS, ON, GRASS], 0.3), ([DOG, RUNS, ON], 0.3)),
        temperature=1.0,
    )
    assert found[0].token_ids[:2] == (DOG, RUNS)
    assert found[-1].token_ids == (CAT, SITS)


def test_cold_votes_leave_the_choice_to_the_likeliest():
    proposed = hypotheses(([CAT, SITS], 0.4), ([DOG, RUNS, ON], 0.3), ([DOG, RUNS, GRASS], 0.3))
    assert by_consensus(proposed, temperature=0.01)[0].token_ids == (CAT, SITS)


def test_one_hypothesis_agrees_with_itself():
    (found,) = by_consensus(hypotheses(([DOG, RUNS, ON, GRASS], 0.2)), temperature=1.0)
    assert found.score == pytest.approx(1.0)


def test_votes_of_two_captions_are_as_worked_out_by_hand():
    # "dog runs" and "dog sits" share one word of two and no bigram, so their agreement is
    # (1/2 + 0 + 0 + 0) / 4; each agrees with itself in 1- and 2-grams: (1 + 1 + 0 + 0) / 4.
    found = by_consensus(hypotheses(([DOG, RUNS], 0.75), ([DOG, SITS], 0.25)), temperature=1.0)
    assert [h.token_ids for h in found] == [(DOG, RUNS), (DOG, SITS)]
    assert [h.score for h in found] == pytest.approx(
        [0.75 * 0.5 + 0.25 * 0.125, 0.25 * 0.5 + 0.75 * 0.125]
    )


def test_ties_keep_the_order_of_the_search():
    proposed = hypotheses(([DOG, RUNS], 0.5), ([CAT, SITS], 0.5))
    assert [h.token_ids for h in by_consensus(proposed, 1.0)] == [(DOG, RUNS), (CAT, SITS)]


def by_dictionaries(caption, reference):
    """CIDEr-D with weights of 1, as one reads it in the paper."""
    cosines = []
    for order in (1, 2, 3, 4):
        ours, theirs = (
            Counter(tuple(c[i : i + order]) for i in range(len(c) - order + 1))
            for c in (caption, reference)
        )
        product = sum(min(ours[ngram], count) * count for ngram, count in theirs.items())
        norms = [math.sqrt(sum(count**2 for count in counts.values())) for counts in (ours, theirs)]
        cosines.append(product / math.prod(norms) if all(norms) else 0.0)
    return np.mean(cosines) * math.exp(-((len(caption) - len(reference)) ** 2) / 72)


@given(captions)
def test_agreement_is_that_of_plain_dictionaries(proposed):
    expected = [[by_dictionaries(one, other) for other in proposed] for one in proposed]
    np.testing.assert_allclose(agreement(proposed), expected, atol=1e-12)


@given(captions)
def test_agreement_is_cider_d_where_no_ngram_is_more_telling_than_another(proposed):
    stranger = [[[0]], [[1]]]  # two images that share no n-gram with ours: all weigh log 2
    metric = CiderD([[caption] for caption in proposed], corpus=stranger)
    pairs = [(i, j) for i in range(len(proposed)) for j in range(len(proposed))]
    scores = metric.score([proposed[i] for i, _ in pairs], [j for _, j in pairs])
    np.testing.assert_allclose(agreement(proposed).ravel(), scores / 10, atol=1e-12)


@given(captions, st.floats(0.01, 100))
def test_nothing_is_lost_and_the_best_comes_first(proposed, temperature):
    given_ = [
        make_hypothesis(caption, -float(rank), finished=True, length_penalty=0.7)
        for rank, caption in enumerate(proposed)
    ]
    found = by_consensus(given_, temperature)
    assert sorted(h.log_prob for h in found) == sorted(h.log_prob for h in given_)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert all(0 <= h.score <= 1 + 1e-9 for h in found)


def test_a_search_with_consensus_gives_the_same_captions_in_the_order_of_the_votes():
    decoder = random_decoder(3, vocabulary_size=8)
    plain = BeamConfig(beam_size=5, max_length=6)
    voting = BeamConfig(beam_size=5, max_length=6, consensus=4.0)
    (likeliest,) = search(TableStepper(decoder), plain)
    (agreed,) = search(TableStepper(decoder), voting)
    assert agreed == by_consensus(likeliest, 4.0)


def test_greedy_search_has_nobody_to_agree_with():
    decoder = random_decoder(3, vocabulary_size=8)
    config = BeamConfig(beam_size=1, max_length=6, consensus=4.0)
    assert search(TableStepper(decoder), config) == greedy_search(TableStepper(decoder), config)
    assert "consensus" not in config.conditions()
    assert BeamConfig(beam_size=2, consensus=4.0).conditions()["consensus"] == "4"
