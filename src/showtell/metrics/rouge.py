"""ROUGE-L as COCO-caption computes it.

Lin 2004: the F-measure of the longest common subsequence. COCO's oddity: precision and recall
are each the best over the references, so they may come from different ones; beta is 1.2.
"""

from collections.abc import Sequence

import numpy as np

from showtell.metrics.ngrams import Captions, References, Sentence
from showtell.metrics.reference_ngrams import check_lengths, check_references
from showtell.metrics.result import MetricResult, mean_of

BETA = 1.2


def rouge_l(captions: Captions, references: References) -> MetricResult:
    """Score tokenised captions against the references of the same images.

    Raises:
        DataError: captions and images differ in number, or an image has no reference.
    """
    check_references(references)
    check_lengths(captions, references)
    pairs = zip(captions, references, strict=True)
    return mean_of("ROUGE-L", np.array([_score(caption, refs) for caption, refs in pairs]))


def _score(caption: Sentence, references: Sequence[Sentence]) -> float:
    # An empty sentence counts as one empty word, as splitting "" at blanks gives in COCO-caption.
    caption = caption or [""]
    references = [reference or [""] for reference in references]
    common = longest_common_subsequences(caption, references)
    precision = max(common) / len(caption)
    recall = max(n / len(reference) for n, reference in zip(common, references, strict=True))
    if precision == 0 or recall == 0:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def longest_common_subsequences(caption: Sentence, references: Sequence[Sentence]) -> list[int]:
    """Length of the longest sequence of words in the same order, for each reference.

    Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited": a row of the table of
    differences is one integer, a zero bit where the length grows. Words that the caption does not
    hold leave the row as it is.
    """
    places: dict[object, int] = {}  # word -> a bit for each place in the caption
    for place, word in enumerate(caption):
        places[word] = places.get(word, 0) | 1 << place
    all_ones = (1 << len(caption)) - 1
    lengths = []
    for reference in references:
        row = all_ones
        for word in reference:
            if word in places:
                same = row & places[word]
                row = (row + same | row - same) & all_ones
        lengths.append(len(caption) - row.bit_count())
    return lengths
