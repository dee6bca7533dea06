"""N-gram counts, shared by BLEU and CIDEr."""

from collections import Counter
from collections.abc import Sequence

Ngram = tuple[str, ...]
MAX_ORDER = 4  # BLEU-1..4 and CIDEr both stop at four words


def count_ngrams(tokens: Sequence[str]) -> Counter[Ngram]:
    """Count all n-grams of 1 to 4 tokens."""
    return Counter(
        tuple(tokens[start : start + order])
        for order in range(1, MAX_ORDER + 1)
        for start in range(len(tokens) - order + 1)
    )
