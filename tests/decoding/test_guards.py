"""What a caption may not do: end in mid-sentence, or say the same words in a row again."""

import numpy as np
import pytest

from showtell.config import BeamConfig
from showtell.decoding import search

from .decoders import END, OTHER, WORD, TableStepper, random_decoder, written_decoder


def repeats(words: tuple[int, ...], order: int) -> bool:
    ngrams = [words[i : i + order] for i in range(len(words) - order + 1)]
    return len(set(ngrams)) < len(ngrams)


def guarded(decoder, *, order=0, dangling=()):
    """The same decoder, with no chance for what the guards forbid."""

    def decide(words):
        log_probs = decoder(words).copy()
        if words and words[-1] in dangling:
            log_probs[END] = -np.inf
        for token_id in range(4, len(log_probs)):
            if order and repeats((*words, token_id), order):
                log_probs[token_id] = -np.inf
        return log_probs

    return decide


@pytest.mark.parametrize("beam_size", [1, 2, 5])
@pytest.mark.parametrize("order", [2, 3])
def test_guards_are_as_if_the_decoder_gave_no_chance_to_what_they_forbid(beam_size, order):
    plain = {"beam_size": beam_size, "max_length": 6, "length_penalty": 1.0}
    for seed in range(60):
        decoders = [random_decoder(2 * seed), random_decoder(2 * seed + 1)]
        config = BeamConfig(no_repeat_ngram=order, **plain)
        found = search(TableStepper(*decoders), config, dangling=[WORD, OTHER])
        forbidding = [guarded(d, order=order, dangling=[WORD, OTHER]) for d in decoders]
        assert found == search(TableStepper(*forbidding), BeamConfig(**plain))
        for hypothesis in (h for of_image in found for h in of_image):
            assert not repeats(hypothesis.token_ids, order)
            assert not hypothesis.finished or hypothesis.token_ids[-1] not in (WORD, OTHER)


def test_without_guards_a_decoder_says_what_it_likes():
    decoder = written_decoder(
        {
            (): {WORD: 1.0},
            (WORD,): {WORD: 1.0},
            (WORD, WORD): {WORD: 1.0},
            (WORD, WORD, WORD): {END: 0.9, OTHER: 0.1},
        }
    )
    ((found,),) = search(TableStepper(decoder), BeamConfig(beam_size=1))
    assert found.token_ids == (WORD, WORD, WORD)


def test_where_every_way_on_is_forbidden_the_caption_comes_back_unfinished():
    decoder = written_decoder({(): {WORD: 1.0}, (WORD,): {END: 1.0}})
    for beam_size in (1, 2):
        ((found,),) = search(
            TableStepper(decoder), BeamConfig(beam_size=beam_size), dangling=[WORD]
        )
        assert (found.token_ids, found.finished) == ((WORD,), False)
