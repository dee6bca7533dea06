"""Consensus: of what a search proposes, the caption that says what the others say too.

The likeliest caption is often a short and odd one; the one that agrees best with the rest is the
choice of least expected loss under the metric that measures agreement (minimum Bayes risk). That
metric is CIDEr-D with every n-gram weighing the same, so that no corpus is needed.

Pure NumPy. Shapes: K hypotheses of one image, G different n-grams in them.

Source: Kumar and Byrne 2004 (minimum Bayes risk); Devlin et al. 2015 (arXiv:1505.04467), who choose
among captions of similar photos so.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from showtell.decoding.stepper import Hypothesis

Floats = NDArray[np.float64]
MAX_ORDER = 4  # n-grams of 1 to 4 words, as CIDEr
SIGMA = 6.0  # words; of the Gaussian that punishes a difference in length, as CIDEr-D


def by_consensus(hypotheses: Sequence[Hypothesis], temperature: float) -> list[Hypothesis]:
    """Put the caption first with which the others agree best; ties keep their order.

    Args:
        hypotheses: of one image; each votes, for itself too, with weight
            exp(log_prob / temperature).
        temperature: nats; the higher it is, the more equal are the votes.

    Returns:
        The same captions, best first, with the expected agreement, 0 to 1, as their score.
    """
    agreed = expected_agreement(hypotheses, temperature)
    order = np.argsort(-agreed, kind="stable")
    return [replace(hypotheses[i], score=float(agreed[i])) for i in order]


def expected_agreement(hypotheses: Sequence[Hypothesis], temperature: float) -> Floats:
    """How well the votes of all, its own too, agree with each hypothesis: (K,), 0 to 1."""
    log_probs = np.array([hypothesis.log_prob for hypothesis in hypotheses])
    votes = np.exp((log_probs - log_probs.max()) / temperature)
    agreed: Floats = agreement([h.token_ids for h in hypotheses]) @ (votes / votes.sum())
    return agreed


def agreement(captions: Sequence[Sequence[int]]) -> Floats:
    """Compare each caption (row) with each as its only reference (column): (K, K), 0 to 1."""
    lengths = np.array([len(caption) for caption in captions])
    similarity = np.mean(
        [_clipped_cosines(_count(captions, order)) for order in range(1, MAX_ORDER + 1)], axis=0
    )
    gaps = lengths[:, None] - lengths
    agreed: Floats = similarity * np.exp(-(gaps**2) / (2 * SIGMA**2))
    return agreed


def _count(captions: Sequence[Sequence[int]], order: int) -> Floats:
    """Count n-grams of one order: (K, G)."""
    ngrams = [
        [tuple(c[start : start + order]) for start in range(len(c) - order + 1)] for c in captions
    ]
    columns = {ngram: column for column, ngram in enumerate(dict.fromkeys(chain(*ngrams)))}
    counts = np.zeros((len(captions), len(columns)))
    for row, found in enumerate(ngrams):
        np.add.at(counts[row], [columns[ngram] for ngram in found], 1)
    return counts


def _clipped_cosines(counts: Floats) -> Floats:
    """Cosine of each caption with each, its counts clipped to the other's: (K, K)."""
    products = np.stack([(np.minimum(row, counts) * counts).sum(axis=1) for row in counts])
    lengths = np.linalg.norm(counts, axis=1)
    norms = np.outer(lengths, lengths)
    return np.divide(products, norms, out=np.zeros_like(products), where=norms != 0)
