"""Hypotheses of several searches in one list."""

import pytest

from showtell.config import BeamConfig
from showtell.decoding import Hypothesis, pool, propose, search

from .decoders import TableStepper, random_decoder


def ended(*words: int, log_prob: float, score: float) -> Hypothesis:
    return Hypothesis(words, log_prob, score, finished=True)


def test_the_best_score_comes_first_whichever_search_found_it() -> None:
    one, two, three = (ended(i, log_prob=-i, score=-i) for i in (4, 5, 6))
    assert pool([[two], [one, three]]) == [one, two, three]


def test_a_caption_found_twice_is_there_once_as_it_is_likelier() -> None:
    likely, unlikely = ended(4, log_prob=-1, score=-1), ended(4, log_prob=-2, score=-2)
    assert pool([[likely], [unlikely]]) == pool([[unlikely], [likely]]) == [likely]


def test_what_no_search_could_end_stands_behind_nothing_that_one_did() -> None:
    cut = Hypothesis((5,), -0.5, -0.5, finished=False)
    whole = ended(4, log_prob=-3, score=-3)
    assert pool([[cut], [whole]]) == [whole]
    assert pool([[cut], []]) == [cut]


@pytest.mark.parametrize("beam_size", [1, 3])
def test_the_second_half_of_the_rows_is_the_same_images_unseen(beam_size: int) -> None:
    config = BeamConfig(beam_size=beam_size, max_length=4)
    decoders = [random_decoder(seed) for seed in range(4)]
    apart = [propose(TableStepper(decoder), config)[0] for decoder in decoders]
    both = BeamConfig(beam_size=beam_size, max_length=4, unseen=True)
    found = search(TableStepper(*decoders), both)
    assert found == [pool([apart[0], apart[2]]), pool([apart[1], apart[3]])]
