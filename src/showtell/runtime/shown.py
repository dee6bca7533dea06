"""What is known of a photo apart from its captions: how likely each word is to belong to it.

Shapes: C concepts, M of them mentioned.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from showtell.concepts.mentions import Mentions

Floats = NDArray[np.float64]
CLOSE_TO_CERTAIN = 1e-3  # probabilities are kept this far from 0 and 1 for their log-odds


class Shown:
    """One photo's concepts."""

    def __init__(self, mentions: Mentions, probs: NDArray[np.floating]) -> None:
        """Take what the encoder gave.

        Args:
            mentions: of the model's concepts.
            probs: (C,) of each concept.
        """
        self._mentions = mentions
        self._probs = probs.astype(np.float64)

    def mentioned(self, tokens: Sequence[str]) -> Floats:
        """Give the probabilities of the concepts that a sentence mentions: (M,)."""
        return self._probs[self._mentions(tokens)]

    def things(self, tokens: Sequence[str]) -> Floats:
        """Give those of things, ImageNet's words, alone."""
        return self._probs[[c for c in self._mentions(tokens) if c in self._mentions.things]]

    def covered(self, tokens: Sequence[str]) -> float:
        """Tell how much of what captions would say of the photo a sentence says: 0 to 1."""
        said = [c for c in self._mentions(tokens) if c not in self._mentions.things]
        return float(self._probs[said].sum() / self._expected)

    def any_of(self, words: Sequence[str]) -> float:
        """Give the probability that a caption says any of some words, as if they were apart."""
        probs = [self._probs[c] for word in words for c in self._mentions.of_captions(word)]
        return float(1 - np.prod(1 - np.array(probs)))

    @cached_property
    def _expected(self) -> float:
        words = self._probs[len(self._mentions.things) :]
        return float(words.sum()) + 1e-6


def log_odds(probs: "Floats | float") -> Floats:
    """Give log(p / (1 - p)), p kept away from 0 and 1."""
    near = np.clip(probs, CLOSE_TO_CERTAIN, 1 - CLOSE_TO_CERTAIN)
    return np.log(near / (1 - near))
