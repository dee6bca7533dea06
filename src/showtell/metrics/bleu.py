"""BLEU-1..4 as COCO-caption computes it.

Papineni et al. 2002. Modified n-gram precision, counts clipped by the most that any one
reference holds; geometric mean; brevity penalty exp(1 - r/c) where the captions are shorter than
the references: r sums, over images, the length of the reference that is closest to the caption
(ties to the shorter).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showtell.metrics.ngrams import MAX_ORDER, Ngram, count_ngrams

# COCO-caption's own guards against zero; kept so that scores agree to the last digits.
_TINY, _SMALL = 1e-15, 1e-9


@dataclass(frozen=True)
class _Statistics:
    """What BLEU needs to know of a caption, or, summed, of a corpus."""

    matches: NDArray[np.float64]  # (4,) clipped matches by n-gram order
    totals: NDArray[np.float64]  # (4,) n-grams of the caption by order
    length: int  # tokens
    reference_length: int  # tokens

    def scores(self) -> NDArray[np.float64]:
        """BLEU-1..4, 0 to 1."""
        precisions = (self.matches + _TINY) / (self.totals + _SMALL)
        means = np.cumprod(precisions) ** (1 / np.arange(1, MAX_ORDER + 1))
        ratio = (self.length + _TINY) / (self.reference_length + _SMALL)
        return means * (math.exp(1 - 1 / ratio) if ratio < 1 else 1.0)


def bleu(
    captions: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score tokenised captions against the references of the same images.

    Returns:
        Corpus BLEU-1..4 (4,) and the same for each image (N, 4), all 0 to 1. The corpus value is
        computed from summed counts; it is not the mean of the others.
    """
    items = [_statistics(caption, refs) for caption, refs in zip(captions, references, strict=True)]
    corpus = _Statistics(
        matches=np.sum([item.matches for item in items], axis=0),
        totals=np.sum([item.totals for item in items], axis=0),
        length=sum(item.length for item in items),
        reference_length=sum(item.reference_length for item in items),
    )
    return corpus.scores(), np.array([item.scores() for item in items])


def _statistics(caption: Sequence[str], references: Sequence[Sequence[str]]) -> _Statistics:
    most: Counter[Ngram] = Counter()
    for reference in references:
        most |= count_ngrams(reference)
    matches, totals = np.zeros(MAX_ORDER), np.zeros(MAX_ORDER)
    for ngram, count in count_ngrams(caption).items():
        totals[len(ngram) - 1] += count
        matches[len(ngram) - 1] += min(count, most[ngram])
    lengths = [len(reference) for reference in references]
    return _Statistics(
        matches=matches,
        totals=totals,
        length=len(caption),
        reference_length=min(lengths, key=lambda n: (abs(n - len(caption)), n)),
    )
