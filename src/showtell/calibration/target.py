"""When a caption counts as good: when it is closer to what people wrote than a quarter of people.

A caption's CIDEr-D against the references of its image is compared with what people reach with
theirs, each against the others of the image. The lower quartile of people is the threshold. CIDEr
averages over references, so that four and five of them give values of one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showtell.data.records import Record
from showtell.errors import DataError
from showtell.metrics.cider import CiderD, people_among_themselves
from showtell.metrics.ngrams import Sentence
from showtell.text import tokenize

PEOPLE_BELOW = 0.25  # of people's captions are not good by this measure


@dataclass(frozen=True)
class Target:
    """The line between good captions and others."""

    threshold: float  # CIDEr-D, 0 to 10

    def describe(self) -> str:
        """Say it in a sentence, for the bundle and its readers."""
        return (
            f"CIDEr-D against the references of at least {self.threshold:.2f}, which "
            f"{1 - PEOPLE_BELOW:.0%} of people's captions reach against the others of their photo; "
            "document frequencies of the train captions"
        )


def judge(
    captions: Sequence[str], records: Sequence[Record], corpus: Sequence[Record]
) -> tuple[Target, NDArray[np.bool_]]:
    """Set the line by people's captions, and tell which of ours are good: (images,).

    Args:
        captions: one for each of `records`.
        corpus: where document frequencies come from.

    Raises:
        DataError: no image has two references.
    """
    references = [_tokenise(record.captions) for record in records]
    documents = [_tokenise(record.captions) for record in corpus]
    people = [
        scores
        for scores in people_among_themselves(references, corpus=documents)
        if len(scores) > 1
    ]
    if not people:
        raise DataError("no image has two references, so people cannot be compared")
    target = Target(float(np.quantile(np.concatenate(people), PEOPLE_BELOW)))
    scores = CiderD(references, corpus=documents).score(_tokenise(captions))
    return target, scores >= target.threshold


def _tokenise(captions: Sequence[str]) -> list[Sentence]:
    return [tokenize(caption) for caption in captions]
