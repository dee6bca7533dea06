"""METEOR's numbers: what is counted in an alignment, and the formula that makes a score of it.

Denkowski and Lavie 2014, "Meteor Universal". Counts can be summed over a corpus before the
formula is applied. Their order is that of the lines METEOR writes, S = 23:

    0 1    words of the caption, of the reference
    2 3    function words of the caption, of the reference
    4 ...  for exact, stem, synonym and paraphrase each: matched content words of the caption, of
           the reference, matched function words of the caption, of the reference
    20     chunks; none where a sentence is matched as a whole, see `uncount_whole`
    21 22  matched words of the caption, of the reference
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from showtell.metrics.meteor.lexicon import Word
from showtell.metrics.meteor.matching import MATCHERS, Match

SIZE = 23  # S
# The parameters tuned to human rankings of English translations: METEOR's default task.
ALPHA = 0.85  # weight of recall in the harmonic mean
BETA, GAMMA = 0.2, 0.6  # exponent and weight of the penalty for fragmentation
DELTA = 0.75  # weight of content words; function words have the rest
WEIGHTS = (1.0, 0.6, 0.8, 0.6)  # of exact, stem, synonym, paraphrase


def count(
    caption: Sequence[Word], reference: Sequence[Word], matches: Sequence[Match], chunks: int
) -> list[int]:
    """Count what an alignment holds, as (S,)."""
    matched = [[0, 0, 0, 0] for _ in MATCHERS]
    for start, length, caption_start, caption_length, matcher in matches:
        for word in caption[caption_start : caption_start + caption_length]:
            matched[matcher][2 * word.is_function_word] += 1
        for word in reference[start : start + length]:
            matched[matcher][2 * word.is_function_word + 1] += 1
    return [
        len(caption),
        len(reference),
        sum(word.is_function_word for word in caption),
        sum(word.is_function_word for word in reference),
        *(number for numbers in matched for number in numbers),
        chunks,
        sum(match.caption_length for match in matches),
        sum(match.length for match in matches),
    ]


def uncount_whole(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set to 0 the chunks of each row, (N, S), whose sentences match from end to end in one chunk.

    Such a caption is not fragmented. METEOR leaves its chunk out of a corpus's sum, too.
    """
    whole = (rows[:, 21:23] == rows[:, 0:2]).all(axis=1) & (rows[:, 20] == 1)
    rows[whole, 20] = 0
    return rows


def meteor_formula(statistics: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute METEOR, 0 to 1, of statistics or of sums of them: (..., S) -> (...,).

    It is 0 where nothing matches.
    """
    words, function_words = statistics[..., 0:2], statistics[..., 2:4]
    matched = statistics[..., 4:20].reshape(*statistics.shape[:-1], len(MATCHERS), 2, 2)
    content, function = np.moveaxis(np.einsum("m,...mks->...ks", WEIGHTS, matched), -2, 0)
    chunks, matched_words = statistics[..., 20], statistics[..., 21:23]
    weighted = DELTA * content + (1 - DELTA) * function
    of = DELTA * (words - function_words) + (1 - DELTA) * function_words
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = np.moveaxis(weighted / of, -1, 0)
        mean = 1 / ((1 - ALPHA) / precision + ALPHA / recall)
        fragmentation = chunks / matched_words.mean(axis=-1)
        scores = mean * (1 - GAMMA * fragmentation**BETA)
    return np.nan_to_num(scores, nan=0.0)
