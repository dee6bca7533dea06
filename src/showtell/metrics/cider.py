"""CIDEr as COCO-caption's `Cider` computes it (sigma 6).

Vedantam, Zitnick and Parikh 2015: n-grams weighted by tf-idf, cosine with each reference,
averaged over n = 1..4 and over the references, times 10. COCO's oddities: a caption's weight is
clipped to the reference's; a Gaussian punishes a difference in length, and that length is counted
in bigrams; document frequencies come from the references that are being scored, so the value
depends on which images are scored together (and is 0 for a single image).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showtell.metrics.ngrams import MAX_ORDER, Ngram, count_ngrams

SIGMA = 6.0


@dataclass(frozen=True)
class _Vector:
    """A sentence as tf-idf weights."""

    weights: dict[Ngram, float]
    norms: NDArray[np.float64]  # (4,) by n-gram order
    length: int  # bigrams


def cider(
    captions: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]
) -> tuple[float, NDArray[np.float64]]:
    """Score tokenised captions; give the mean over images and each image's value (N,).

    Values lie between 0 and 10, a person's are near 1; reports multiply them by 100.
    """
    counted = [[count_ngrams(reference) for reference in refs] for refs in references]
    frequencies = _document_frequencies(counted)
    log_images = math.log(len(references))
    values = []
    for caption, refs in zip(captions, counted, strict=True):
        vector = _vector(count_ngrams(caption), frequencies, log_images)
        others = [_vector(counts, frequencies, log_images) for counts in refs]
        total = sum(_similarity(vector, other) for other in others)
        values.append(10.0 * total / len(others))
    return float(np.mean(values)), np.array(values)


def _document_frequencies(counted: Sequence[Sequence[Counter[Ngram]]]) -> Counter[Ngram]:
    """Count for each n-gram the images of which at least one reference holds it."""
    frequencies: Counter[Ngram] = Counter()
    for refs in counted:
        frequencies.update(set().union(*refs))
    return frequencies


def _vector(counts: Counter[Ngram], frequencies: Counter[Ngram], log_images: float) -> _Vector:
    weights = {
        ngram: count * (log_images - math.log(max(1, frequencies[ngram])))
        for ngram, count in counts.items()
    }
    squares = np.zeros(MAX_ORDER)
    for ngram, weight in weights.items():
        squares[len(ngram) - 1] += weight * weight
    bigrams = sum(count for ngram, count in counts.items() if len(ngram) == 2)
    return _Vector(weights, np.sqrt(squares), bigrams)


def _similarity(caption: _Vector, reference: _Vector) -> float:
    products = np.zeros(MAX_ORDER)
    for ngram, weight in caption.weights.items():
        other = reference.weights.get(ngram, 0.0)
        products[len(ngram) - 1] += min(weight, other) * other
    norms = caption.norms * reference.norms
    cosines = np.divide(products, norms, out=products, where=norms != 0)
    gap = caption.length - reference.length
    return float(cosines.mean()) * math.exp(-(gap**2) / (2 * SIGMA**2))
