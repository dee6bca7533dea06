"""BLEU-1..4 as COCO-caption computes it.

Papineni et al. 2002. Modified n-gram precision, counts clipped by the most that any one
reference holds; geometric mean; brevity penalty exp(1 - r/c) where the captions are shorter than
the references.

Where COCO's definition is odd. The corpus value comes from summed counts and one brevity penalty
for all captions together, so long captions make up for short ones, and it is not the mean of the
images' values. r sums, over images, the length of the reference that is closest to the caption
(ties to the shorter), so captions of very different lengths can all escape the penalty. Nothing
is smoothed: an image without a common 4-gram has a BLEU-4 near 0, so BLEU of single images says
little.
"""

import numpy as np

from showtell.metrics.ngrams import MAX_ORDER, Captions, Floats, Ints, References
from showtell.metrics.reference_ngrams import Pairs, ReferenceNgrams
from showtell.metrics.result import MetricResult

NAMES = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4")

# COCO-caption's own guards against zero; kept so that scores agree to the last digits.
_TINY, _SMALL = 1e-15, 1e-9


def bleu(captions: Captions, references: References) -> MetricResult:
    """Score tokenised captions against the references of the same images.

    Raises:
        DataError: captions and images differ in number, or an image has no reference.
    """
    others = ReferenceNgrams(references)
    images = others.images_of(captions)
    counts = others.index.count(captions)
    ours, groups = others.shared_groups(counts, images)
    clipped = np.zeros(len(counts.count))
    clipped[ours] = np.minimum(counts.count[ours], others.most_in_one_reference()[groups])
    statistics = [
        counts.sum_by_order(clipped),
        np.maximum(counts.lengths[:, None] - np.arange(MAX_ORDER), 0),  # n-grams of the caption
        counts.lengths[:, None],
        _closest_lengths(counts.lengths, others.counts.lengths, others.pair_with(images))[:, None],
    ]
    return MetricResult(NAMES, np.hstack(statistics), _bleu_of)


def _bleu_of(statistics: Floats) -> Floats:
    """BLEU-1..4 of matches (4), n-grams (4), length, reference length: (…, 10) -> (…, 4)."""
    matches, totals = statistics[..., :MAX_ORDER], statistics[..., MAX_ORDER : 2 * MAX_ORDER]
    length, reference_length = statistics[..., -2:-1], statistics[..., -1:]
    precisions = (matches + _TINY) / (totals + _SMALL)
    means = np.cumprod(precisions, axis=-1) ** (1 / np.arange(1, MAX_ORDER + 1))
    ratio = (length + _TINY) / (reference_length + _SMALL)
    return means * np.exp(np.minimum(0, 1 - 1 / ratio))


def _closest_lengths(lengths: Ints, reference_lengths: Ints, pairs: Pairs) -> Ints:
    """Find for each caption the length of the reference closest to it, ties to the shorter."""
    theirs = reference_lengths[pairs.sentence]
    base = 1 + theirs.max()
    ranks = abs(lengths[pairs.caption] - theirs) * base + theirs  # by distance, then length
    return np.minimum.reduceat(ranks, pairs.first) % base
