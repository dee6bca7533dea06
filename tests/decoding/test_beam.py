import math

import numpy as np
import pytest

from showtell.config import BeamConfig
from showtell.decoding import Hypothesis, beam_search, greedy_search, search

from .decoders import (
    END,
    FORBIDDEN,
    OTHER,
    THIRD,
    WORD,
    TableStepper,
    every_caption,
    log_prob_of,
    random_decoder,
    written_decoder,
)

PENALTIES = (0.0, 0.7, 1.0, 2.0)

# The likelier first word leads to the less likely sentence: 0.6 × 0.5 < 0.4 × 0.9.
GARDEN_PATH = written_decoder(
    {
        (): {WORD: 0.6, OTHER: 0.4},
        (WORD,): {END: 0.5, THIRD: 0.5},
        (OTHER,): {END: 0.9, THIRD: 0.1},
        (WORD, THIRD): {END: 1.0},
        (OTHER, THIRD): {END: 1.0},
    }
)


def find(decoder, **settings):
    """Search one image's captions."""
    (found,) = beam_search(TableStepper(decoder), BeamConfig(**settings))
    return found


# What is found


def test_two_beams_find_the_caption_that_greedy_misses():
    config = BeamConfig(beam_size=2, max_length=2, length_penalty=0.0)
    (greedy,) = greedy_search(TableStepper(GARDEN_PATH), config)
    (beams,) = beam_search(TableStepper(GARDEN_PATH), config)
    assert greedy[0].token_ids[0] == WORD
    assert beams[0].token_ids == (OTHER,)
    assert beams[0].log_prob == pytest.approx(math.log(0.4 * 0.9))


def test_the_length_penalty_lets_a_longer_caption_win():
    decoder = written_decoder(
        {
            (): {WORD: 1.0},
            (WORD,): {END: 0.3, WORD: 0.7},
            (WORD, WORD): {OTHER: 1.0},
            (WORD, WORD, OTHER): {END: 0.4, THIRD: 0.6},
        }
    )
    short, long = math.log(0.3), math.log(0.7 * 0.4)
    by_log_prob = find(decoder, beam_size=2, max_length=3, length_penalty=0.0)
    assert [(h.token_ids, h.score) for h in by_log_prob] == [
        ((WORD,), pytest.approx(short)),
        ((WORD, WORD, OTHER), pytest.approx(long)),
    ]
    normalised = find(decoder, beam_size=2, max_length=3, length_penalty=1.0)
    assert [(h.token_ids, h.score) for h in normalised] == [
        ((WORD, WORD, OTHER), pytest.approx(long / (8 / 6))),
        ((WORD,), pytest.approx(short / (6 / 6))),
    ]


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize(
    ("vocabulary_size", "max_length", "impossible"), [(6, 4, 0.0), (7, 3, 0.0), (7, 4, 0.3)]
)
def test_a_wide_beam_equals_brute_force(penalty, vocabulary_size, max_length, impossible):
    # Wide enough that no prefix is dropped and every ending is among the continuations kept.
    everything = (vocabulary_size - 3) * (vocabulary_size - 4) ** max_length
    config = BeamConfig(beam_size=everything, max_length=max_length, length_penalty=penalty)
    for seed in range(70):
        decoder = random_decoder(seed, vocabulary_size=vocabulary_size, impossible=impossible)
        expected = every_caption(decoder, config, vocabulary_size=vocabulary_size)
        (found,) = beam_search(TableStepper(decoder), config)
        if not expected:  # nothing can end
            assert not any(h.finished for h in found), f"table {seed}"
            continue
        assert [h.token_ids for h in found] == [h.token_ids for h in expected], f"table {seed}"
        assert [h.score for h in found] == pytest.approx([h.score for h in expected], abs=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("beam_size", [1, 2, 3])
def test_a_narrow_beam_never_beats_brute_force(penalty, beam_size):
    config = BeamConfig(beam_size=beam_size, max_length=3, length_penalty=penalty)
    for seed in range(100):
        decoder = random_decoder(seed)
        (found,) = beam_search(TableStepper(decoder), config)
        best = every_caption(decoder, config)[0]
        assert found[0].score <= best.score + 1e-12, f"table {seed}"


@pytest.mark.parametrize("beam_size", [1, 2, 3, 50])
@pytest.mark.parametrize("impossible", [0.0, 0.5])
def test_a_log_prob_is_the_sum_of_the_decoders_own(beam_size, impossible):
    config = BeamConfig(beam_size=beam_size, max_length=4)
    for seed in range(50):
        decoder = random_decoder(seed, impossible=impossible)
        (found,) = beam_search(TableStepper(decoder), config)
        for h in found:
            own = log_prob_of(decoder, h.token_ids, finished=h.finished)
            assert h.log_prob == pytest.approx(own, abs=1e-12), f"table {seed}"


def test_a_search_goes_on_while_a_longer_caption_may_still_win():
    decoder = written_decoder(
        {
            (): {WORD: 1.0},
            (WORD,): {END: 0.6, WORD: 0.4},
            (WORD, WORD): {WORD: 1.0},
            (WORD, WORD, WORD): {END: 0.9, OTHER: 0.1},
        }
    )
    # log 0.6 / (6/6)³ = -0.51 loses to log 0.36 / (8/6)³ = -0.43, though log 0.4 = -0.92 is less.
    (best,) = find(decoder, beam_size=1, max_length=3, length_penalty=3.0)
    assert best.token_ids == (WORD, WORD, WORD)


def test_an_ending_less_likely_than_the_words_that_go_on_is_no_ending():
    decoder = written_decoder(
        {
            (): {WORD: 0.5, OTHER: 0.4, END: 0.1},
            (WORD,): {THIRD: 0.8, END: 0.2},
            (OTHER,): {THIRD: 0.9, END: 0.1},
            (WORD, THIRD): {END: 1.0},
            (OTHER, THIRD): {END: 1.0},
        }
    )
    # By total log-probability alone the unlikely endings () and (WORD,) would be found as well.
    found = find(decoder, beam_size=2, max_length=3, length_penalty=0.0)
    assert [h.token_ids for h in found] == [(WORD, THIRD), (OTHER, THIRD)]


def test_a_caption_has_at_least_one_word():
    decoder = written_decoder({(): {END: 0.9, WORD: 0.1}, (WORD,): {END: 1.0}})
    (caption,) = find(decoder, beam_size=1, max_length=5)
    ((greedy,),) = greedy_search(TableStepper(decoder), BeamConfig(max_length=5))
    assert caption.token_ids == greedy.token_ids == (WORD,)
    assert caption.log_prob == pytest.approx(math.log(0.1))


# What comes back


@pytest.mark.parametrize("beam_size", [1, 2, 3, 50])
@pytest.mark.parametrize("impossible", [0.0, 0.5, 0.9])
def test_hypotheses_are_few_distinct_ranked_and_of_words_only(beam_size, impossible):
    config = BeamConfig(beam_size=beam_size, max_length=4)
    for seed in range(50):
        found = find(random_decoder(seed, impossible=impossible), beam_size=beam_size, max_length=4)
        scores = [h.score for h in found]
        assert 1 <= len(found) <= config.beam_size
        assert scores == sorted(scores, reverse=True)
        assert len({h.token_ids for h in found}) == len(found)
        assert len({h.finished for h in found}) == 1
        for h in found:
            assert len(h.token_ids) <= config.max_length
            assert set(h.token_ids) <= {WORD, OTHER, THIRD}


def test_equal_captions_come_in_order_of_id():
    decoder = written_decoder(
        {
            (): {THIRD: 0.3, OTHER: 0.3, WORD: 0.3, END: 0.1},
            (WORD,): {END: 1.0},
            (OTHER,): {END: 1.0},
            (THIRD,): {END: 1.0},
        }
    )
    found = find(decoder, beam_size=3, max_length=1, length_penalty=0.0)
    assert [h.token_ids for h in found] == [(WORD,), (OTHER,), (THIRD,)]


@pytest.mark.parametrize("max_length", [1, 2, 5])
def test_a_caption_may_be_max_length_words_long_and_then_end(max_length):
    def decoder(words):
        log_probs = np.full(7, -np.inf, dtype=np.float32)
        log_probs[END if len(words) == max_length else WORD] = 0.0
        return log_probs

    (caption,) = find(decoder, beam_size=3, max_length=max_length)
    assert caption.token_ids == (WORD,) * max_length
    assert caption.finished


# Decoders gone wrong


def test_a_decoder_that_never_ends_still_yields_a_caption():
    decoder = written_decoder(
        {
            (): {WORD: 0.7, OTHER: 0.3},
            (WORD,): {WORD: 0.6, OTHER: 0.4},
            (OTHER,): {WORD: 1.0},
            (WORD, WORD): {WORD: 1.0},
            (OTHER, WORD): {WORD: 1.0},
        }
    )
    found = find(decoder, beam_size=2, max_length=2, length_penalty=0.0)
    assert [h.token_ids for h in found] == [(WORD, WORD), (OTHER, WORD)]
    assert [h.log_prob for h in found] == pytest.approx([math.log(0.42), math.log(0.3)])
    assert not any(h.finished for h in found)


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize("value", [-math.inf, math.nan])
def test_a_decoder_that_allows_nothing_yields_the_empty_caption(beam_size, value):
    found = find(lambda words: np.full(7, value, dtype=np.float32), beam_size=beam_size)
    assert found == [Hypothesis((), 0.0, 0.0, finished=False)]


@pytest.mark.parametrize("token_id", FORBIDDEN)
@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_decoder_that_says_only_what_is_never_emitted_yields_the_empty_caption(
    token_id, beam_size
):
    found = find(written_decoder({(): {token_id: 1.0}}), beam_size=beam_size)
    assert found == [Hypothesis((), 0.0, 0.0, finished=False)]


def test_a_caption_left_without_a_next_word_comes_back_as_far_as_it_got():
    decoder = written_decoder({(): {WORD: 0.7, OTHER: 0.3}})
    found = find(decoder, beam_size=2, max_length=5, length_penalty=0.0)
    assert [(h.token_ids, h.finished) for h in found] == [((WORD,), False), ((OTHER,), False)]


# How it is found


@pytest.mark.parametrize("beam_size", [1, 2, 3, 20])
def test_searching_images_together_equals_searching_them_one_at_a_time(beam_size):
    config = BeamConfig(beam_size=beam_size, max_length=4)
    for first in range(0, 60, 6):
        decoders = [
            random_decoder(first + i, impossible=impossible)
            for i, impossible in enumerate([0.0, 0.5, 1.0, 0.0, 0.9, 0.3])
        ]
        together = beam_search(TableStepper(*decoders), config)
        alone = [beam_search(TableStepper(decoder), config)[0] for decoder in decoders]
        assert together == alone


def test_search_with_one_beam_is_greedy_search():
    config = BeamConfig(beam_size=1, max_length=4)
    decoders = [random_decoder(seed) for seed in range(20)]
    greedy = greedy_search(TableStepper(*decoders), config)
    assert search(TableStepper(*decoders), config) == greedy


def test_search_with_more_beams_is_beam_search():
    config = BeamConfig(beam_size=3, max_length=4)
    decoders = [random_decoder(seed) for seed in range(20)]
    beams = beam_search(TableStepper(*decoders), config)
    assert search(TableStepper(*decoders), config) == beams


@pytest.mark.parametrize("penalty", PENALTIES)
def test_one_beam_finds_what_greedy_finds_or_better(penalty):
    config = BeamConfig(beam_size=1, max_length=4, length_penalty=penalty)
    for seed in range(100):
        ((greedy,),) = greedy_search(TableStepper(random_decoder(seed)), config)
        ((beam,),) = beam_search(TableStepper(random_decoder(seed)), config)
        if greedy.finished:
            assert beam.score >= greedy.score, f"table {seed}"


def test_the_decoder_is_not_asked_again_once_no_caption_can_overtake():
    stepper = TableStepper(written_decoder({(): {WORD: 1.0}, (WORD,): {END: 0.9, WORD: 0.1}}))
    beam_search(stepper, BeamConfig(beam_size=1, max_length=20, length_penalty=0.7))
    assert stepper.steps == 2


def test_what_the_decoder_gave_is_left_as_it_was():
    log_probs = np.zeros((1, 7))

    class Keeper(TableStepper):
        def step(self, token_ids):
            return log_probs

    beam_search(Keeper(random_decoder(0)), BeamConfig(beam_size=1, max_length=1))
    assert not log_probs.any()
