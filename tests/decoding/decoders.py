"""Decoders that tests can see through: each is a function from the words so far to what follows.

Ids 0..3 are `<pad> <start> <end> <unk>`; words begin at 4.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from showtell.config import BeamConfig
from showtell.decoding import Hypothesis

END, WORD, OTHER, THIRD = 2, 4, 5, 6
FORBIDDEN = (0, 1, 3)

Decoder = Callable[[tuple[int, ...]], np.ndarray]  # words so far -> log-probabilities (V,)


class TableStepper:
    """A `Stepper` with one decoder an image; row by row, it remembers all that it was told."""

    def __init__(self, *decoders: Decoder) -> None:
        self.rows = [(decoder, ()) for decoder in decoders]
        self.steps = 0

    @property
    def num_rows(self) -> int:
        return len(self.rows)

    def step(self, token_ids):
        assert token_ids.shape == (self.num_rows,)
        if self.steps == 0:
            assert (token_ids == 1).all(), "the first token read is <start>"
        else:
            self.rows = [
                (decoder, (*words, int(token_id)))
                for (decoder, words), token_id in zip(self.rows, token_ids, strict=True)
            ]
        self.steps += 1
        return np.stack([decoder(words) for decoder, words in self.rows])

    def select(self, rows):
        self.rows = [self.rows[row] for row in rows]


def written_decoder(table: dict[tuple[int, ...], dict[int, float]]) -> Decoder:
    """Make a decoder of probabilities written out: words so far -> next token -> probability.

    What is not written has no probability.
    """

    def decoder(words):
        log_probs = np.full(7, -np.inf, dtype=np.float32)
        for token_id, probability in table.get(words, {}).items():
            log_probs[token_id] = math.log(probability)
        return log_probs

    return decoder


def random_decoder(seed: int, *, vocabulary_size: int = 7, impossible: float = 0.0) -> Decoder:
    """Make a decoder whose every history has its own distribution.

    `impossible` is the share of tokens, `<end>` included, that get no probability.
    """

    @cache
    def decoder(words):
        random = np.random.default_rng([seed, vocabulary_size, *words])
        logits = random.normal(scale=2.0, size=vocabulary_size)
        log_probs = logits - np.log(np.exp(logits).sum())
        log_probs[random.random(vocabulary_size) < impossible] = -np.inf
        return log_probs.astype(np.float32)

    return decoder


def log_prob_of(decoder: Decoder, words: Sequence[int], *, finished: bool) -> float:
    """Sum the decoder's own log-probabilities of a caption, in nats."""
    tokens = (*words, END) if finished else tuple(words)
    return sum(float(decoder(tuple(words[:i]))[token]) for i, token in enumerate(tokens))


def every_caption(
    decoder: Decoder, config: BeamConfig, *, vocabulary_size: int = 7
) -> list[Hypothesis]:
    """Enumerate all captions that may end within `max_length` words, best first."""
    captions = []
    for length in range(1, config.max_length + 1):
        norm = ((5 + length) / 6) ** config.length_penalty  # Wu et al. 2016, eq. 14
        for words in itertools.product(range(4, vocabulary_size), repeat=length):
            log_prob = log_prob_of(decoder, words, finished=True)
            if log_prob > -math.inf:
                captions.append(Hypothesis(words, log_prob, log_prob / norm, finished=True))
    return sorted(captions, key=lambda caption: -caption.score)
