"""What a photo shows: the likeliest concepts, as words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAST = 0.1  # a less likely word is not worth telling
MOST = 12  # words


@dataclass(frozen=True)
class Concept:
    """A word, and how likely it is that the photo shows what it says."""

    word: str
    probability: float


def likeliest(words: Sequence[str], probabilities: Iterable[float]) -> tuple[Concept, ...]:
    """Give the words of at least `LEAST`, likeliest first, at most `MOST`; ties keep their order.

    A word that is there more than once, in two groups, has the largest of its probabilities.
    """
    largest: dict[str, float] = {}
    for word, probability in zip(words, probabilities, strict=True):
        largest[word] = max(float(probability), largest.get(word, 0.0))
    shown = [Concept(word, p) for word, p in largest.items() if p >= LEAST]
    return tuple(sorted(shown, key=lambda concept: -concept.probability)[:MOST])
