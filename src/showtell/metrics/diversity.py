"""Beside the averages: how various captions are, and how many are copies of training captions.

A captioner that says the same safe sentence of everything can have a good CIDEr; this shows it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from showtell.errors import DataError
from showtell.metrics.tokenizer import ptb_tokenize


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """A set of captions in numbers. Captions of the same words are the same caption."""

    captions: int
    distinct: int  # different captions
    vocabulary: int  # different words
    mean_length: float  # words
    copied: float | None  # share of captions that someone wrote for training; None: not known


def diversity(captions: Iterable[str], training: Iterable[str] | None = None) -> Diversity:
    """Describe captions.

    Args:
        training: the captions that the system was trained on, to find copies of.

    Raises:
        DataError: there is no caption.
    """
    found = [tuple(ptb_tokenize(caption)) for caption in captions]
    if not found:
        raise DataError("there are no captions to describe")
    seen = None if training is None else {tuple(ptb_tokenize(caption)) for caption in training}
    return Diversity(
        captions=len(found),
        distinct=len(set(found)),
        vocabulary=len({word for words in found for word in words}),
        mean_length=sum(map(len, found)) / len(found),
        copied=None if seen is None else sum(words in seen for words in found) / len(found),
    )
