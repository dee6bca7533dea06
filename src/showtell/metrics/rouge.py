"""ROUGE-L as COCO-caption computes it.

Lin 2004: the F-measure of the longest common subsequence. COCO's oddity: precision and recall
are each the best over the references, so they may come from different ones; beta is 1.2.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BETA = 1.2


def rouge_l(
    captions: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]
) -> tuple[float, NDArray[np.float64]]:
    """Score tokenised captions; give the mean over images and each image's value (N,), 0 to 1."""
    values = np.array(
        [_score(caption, refs) for caption, refs in zip(captions, references, strict=True)]
    )
    return float(values.mean()), values


def _score(caption: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    # An empty sentence counts as one empty word, as splitting "" at blanks gives in COCO-caption.
    caption = caption or [""]
    references = [reference or [""] for reference in references]
    common = [longest_common_subsequence(caption, reference) for reference in references]
    precision = max(common) / len(caption)
    recall = max(n / len(reference) for n, reference in zip(common, references, strict=True))
    if precision == 0 or recall == 0:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def longest_common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest sequence of tokens that both hold in the same order."""
    lengths = [0] * (len(right) + 1)
    for token in left:
        diagonal = 0  # of the row above, one to the left
        for column, other in enumerate(right, start=1):
            above = lengths[column]
            lengths[column] = diagonal + 1 if token == other else max(above, lengths[column - 1])
            diagonal = above
    return lengths[-1]
