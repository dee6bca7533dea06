"""What search needs of a decoder, and what it gives back.

Shapes: R rows (images × live beams), V vocabulary size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.config import BeamConfig
from showtell.vocabulary import END_ID, PAD_ID, START_ID, UNK_ID

NEVER_EMITTED = (PAD_ID, START_ID, UNK_ID)


class Stepper(Protocol):
    """A decoder in the middle of its sentences. It keeps and reorders its own state.

    A new stepper has one row for each image.
    """

    @property
    def num_rows(self) -> int:
        """R, the sentences now being written."""
        ...

    def step(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read one token a row (R,); give log-probabilities of the next (R, V), in nats."""
        ...

    def select(self, rows: NDArray[np.int64]) -> None:
        """Make row i a copy of what was row `rows[i]`; the number of rows becomes `len(rows)`."""
        ...


@dataclass(frozen=True)
class Hypothesis:
    """One proposed caption."""

    token_ids: tuple[int, ...]  # words only: no `<start>`, no `<end>`
    log_prob: float  # sum over the tokens and, if finished, `<end>`; nats
    score: float  # what ranks: log_prob / ((5 + T) / 6) ** length_penalty, or the consensus
    finished: bool  # whether the decoder said `<end>`


def next_log_probs(
    stepper: Stepper,
    tokens: NDArray[np.int64],
    config: BeamConfig,
    *,
    dangling: Sequence[int] = (),
) -> NDArray[np.float64]:
    """Step; give log-probabilities (R, V) in which what must not be said has no chance at all.

    Args:
        tokens: (R, T) the words so far of each sentence; one of none does not end.
        dangling: words that no sentence ends with.
    """
    num_rows, length = tokens.shape
    last = tokens[:, -1] if length else np.full(num_rows, START_ID)
    log_probs = stepper.step(last).astype(np.float64)
    log_probs[:, NEVER_EMITTED] = -np.inf
    log_probs[np.isin(last, [START_ID, *dangling]), END_ID] = -np.inf
    if config.no_repeat_ngram:
        _forbid_repeats(log_probs, tokens, config.no_repeat_ngram)
    log_probs[np.isnan(log_probs)] = -np.inf
    return log_probs


def _forbid_repeats(log_probs: NDArray[np.float64], tokens: NDArray[np.int64], order: int) -> None:
    """Take their chance from words that would say an n-gram again. Paulus et al. 2018, sec. 2.5.

    Source: arXiv:1705.04304.
    """
    length = tokens.shape[1]
    recent = tokens[:, length - order + 1 :]  # with the next word an n-gram
    for start in range(length - order + 1):
        said = (tokens[:, start : start + order - 1] == recent).all(axis=1)
        log_probs[said, tokens[said, start + order - 1]] = -np.inf


def length_norm(length: int, length_penalty: float) -> float:
    """The divisor of a hypothesis of `length` words. Wu et al. 2016 (arXiv:1609.08144), eq. 14."""
    return float(((5 + length) / 6) ** length_penalty)


def make_hypothesis(
    token_ids: Sequence[int], log_prob: float, *, finished: bool, length_penalty: float
) -> Hypothesis:
    """Score a hypothesis by its length-normalised log-probability."""
    log_prob = float(log_prob)
    score = log_prob / length_norm(len(token_ids), length_penalty)
    return Hypothesis(tuple(int(i) for i in token_ids), log_prob, score, finished)
