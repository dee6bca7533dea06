import math

import numpy as np
import pytest

from showtell.config import BeamConfig
from showtell.decoding import Hypothesis, greedy_search

from .decoders import (
    END,
    FORBIDDEN,
    OTHER,
    THIRD,
    WORD,
    TableStepper,
    log_prob_of,
    random_decoder,
    written_decoder,
)


def find(decoder, **settings):
    """Search one image's caption."""
    ((found,),) = greedy_search(TableStepper(decoder), BeamConfig(**settings))
    return found


def walk(decoder, max_length):
    """Follow the likeliest token by hand; give the words and whether `<end>` was reached."""
    words = ()
    while True:
        log_probs = decoder(words)
        choices = (END, WORD, OTHER, THIRD) if words else (WORD, OTHER, THIRD)
        token_id = max(choices, key=lambda i: log_probs[i])
        if token_id == END or len(words) == max_length or log_probs[token_id] == -math.inf:
            return words, token_id == END and log_probs[END] > -math.inf
        words += (token_id,)


def test_the_likeliest_token_is_taken_at_each_step():
    decoder = written_decoder(
        {
            (): {WORD: 0.2, OTHER: 0.5, END: 0.3},
            (OTHER,): {THIRD: 0.9, END: 0.1},
            (OTHER, THIRD): {END: 0.6, WORD: 0.4},
        }
    )
    found = find(decoder, length_penalty=1.0)
    log_prob = math.log(0.5 * 0.9 * 0.6)
    assert found == Hypothesis(
        (OTHER, THIRD), pytest.approx(log_prob), pytest.approx(log_prob / (7 / 6)), finished=True
    )


@pytest.mark.parametrize("impossible", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("max_length", [1, 2, 4])
def test_greedy_search_equals_a_walk_by_hand(impossible, max_length):
    for seed in range(100):
        decoder = random_decoder(seed, impossible=impossible)
        found = find(decoder, max_length=max_length, length_penalty=0.0)
        assert (found.token_ids, found.finished) == walk(decoder, max_length), f"table {seed}"
        own = log_prob_of(decoder, found.token_ids, finished=found.finished)
        assert found.log_prob == found.score == pytest.approx(own, abs=1e-12)


def test_searching_images_together_equals_searching_them_one_at_a_time():
    config = BeamConfig(beam_size=1, max_length=4)
    decoders = [random_decoder(seed, impossible=seed % 3 / 3) for seed in range(60)]
    together = greedy_search(TableStepper(*decoders), config)
    assert together == [greedy_search(TableStepper(decoder), config)[0] for decoder in decoders]


def test_ties_go_to_the_lower_id():
    decoder = written_decoder({(): {THIRD: 0.5, OTHER: 0.5}, (OTHER,): {THIRD: 0.5, END: 0.5}})
    assert find(decoder).token_ids == (OTHER,)


@pytest.mark.parametrize("token_id", FORBIDDEN)
def test_padding_start_and_unknown_are_passed_over_for_the_next_best(token_id):
    decoder = written_decoder({(): {token_id: 0.9, WORD: 0.1}, (WORD,): {token_id: 0.9, END: 0.1}})
    found = find(decoder)
    assert found.token_ids == (WORD,)
    assert found.log_prob == pytest.approx(math.log(0.01))


def test_a_decoder_that_never_ends_is_cut_at_max_length():
    found = find(lambda words: written_decoder({(): {WORD: 1.0}})(()), max_length=3)
    assert found == Hypothesis((WORD, WORD, WORD), 0.0, 0.0, finished=False)


def test_a_caption_may_be_max_length_words_long_and_then_end():
    decoder = written_decoder({(): {WORD: 1.0}, (WORD,): {END: 1.0}})
    assert find(decoder, max_length=1) == Hypothesis((WORD,), 0.0, 0.0, finished=True)


@pytest.mark.parametrize("value", [-math.inf, math.nan])
def test_a_decoder_that_allows_nothing_yields_the_empty_caption(value):
    found = find(lambda words: np.full(7, value, dtype=np.float32))
    assert found == Hypothesis((), 0.0, 0.0, finished=False)


@pytest.mark.parametrize("token_id", FORBIDDEN)
def test_a_decoder_that_says_only_what_is_never_emitted_yields_the_empty_caption(token_id):
    found = find(written_decoder({(): {token_id: 1.0}}))
    assert found == Hypothesis((), 0.0, 0.0, finished=False)


def test_a_caption_left_without_a_next_word_comes_back_as_far_as_it_got():
    decoder = written_decoder({(): {WORD: 0.5}})
    found = find(decoder)
    assert (found.token_ids, found.finished) == ((WORD,), False)


def test_the_decoder_is_not_asked_again_once_every_caption_has_ended():
    stepper = TableStepper(written_decoder({(): {END: 1.0}}), written_decoder({(): {END: 1.0}}))
    greedy_search(stepper, BeamConfig(beam_size=1, max_length=20))
    assert stepper.steps == 1
