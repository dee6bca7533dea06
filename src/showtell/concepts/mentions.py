"""Which concepts a sentence mentions.

A concept of captions is the word as it stands. One of ImageNet is a thing, and several of them
mention it too: "zebras" is "zebra".
"""

from collections.abc import Iterator, Sequence
from functools import cache

from showtell.claims.inflect import singular
from showtell.concepts.names import Concepts


class Mentions:
    """Looks the concepts of sentences up."""

    def __init__(self, concepts: Concepts) -> None:
        """Index the words.

        Args:
            concepts: of two groups, words of ImageNet's classes and words of captions; of one
                group, words of captions.
        """
        self.things = range(len(concepts.groups[0]) if len(concepts.groups) > 1 else 0)
        self._columns: dict[str, list[int]] = {}
        for column, word in enumerate(concepts.words):
            self._columns.setdefault(word, []).append(column)
        # The same few words stand in all hypotheses of a photo, and are asked for again and again.
        self._of = cache(lambda token: tuple(self._find(token)))

    def __call__(self, tokens: Sequence[str]) -> list[int]:
        """Give the positions of the concepts that a sentence mentions, in order, each once."""
        return sorted({column for token in tokens for column in self._of(token)})

    def of_captions(self, word: str) -> list[int]:
        """Give where a word stands among those of captions, if it does."""
        return [c for c in self._columns.get(word, ()) if c not in self.things]

    def _find(self, token: str) -> Iterator[int]:
        yield from self._columns.get(token, ())
        for column in self._columns.get(singular(token), ()):
            if column in self.things:
                yield column
