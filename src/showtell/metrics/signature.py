"""What a signature is made of: conditions in a line, and fingerprints of references.

Post 2018 ("A call for clarity in reporting BLEU scores", sacrebleu): a score is worth something
only with all that it depends on beside it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from showtell.metrics.ngrams import References


def signature_line(name: str, conditions: Mapping[str, str]) -> str:
    """Write `name|key:value|…`."""
    return "|".join([name, *(f"{key}:{value}" for key, value in conditions.items())])


def count_range(counts: Sequence[int]) -> str:
    """Write `5`, or `1-5` where counts differ."""
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low}-{high}"


def fingerprint(references: References) -> str:
    """Tell sets of references apart, whatever their order: 8 hex digits of a sha256."""
    images = sorted(json.dumps(sorted(map(json.dumps, of_one))) for of_one in references)
    return hashlib.sha256("\n".join(images).encode()).hexdigest()[:8]
