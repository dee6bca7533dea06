"""What the concepts of a model are called: words, in groups, in the order of their probabilities.

A file of them has one word a line and a blank line between groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from showtell.errors import BundleError
from showtell.vocabulary import Vocabulary


@dataclass(frozen=True)
class Concepts:
    """The C words that an encoder gives probabilities of; two groups may share a word."""

    groups: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for group in self.groups:
            if not group:
                raise BundleError("a group of concepts has no word")
            if len(set(group)) != len(group):
                raise BundleError(f"a group of concepts holds {_repeated(group)!r} twice")
        for word in self.words:
            if word.split() != [word]:  # a blank or a line break would not survive `to_text`
                raise BundleError(f"the concepts hold {word!r}, which is not one word")

    def __len__(self) -> int:
        return len(self.words)

    @property
    def words(self) -> tuple[str, ...]:
        """All words (C,), group after group."""
        return tuple(chain.from_iterable(self.groups))

    def token_ids(self, vocabulary: Vocabulary) -> tuple[tuple[int, ...], ...]:
        """Give the ids of each group's words; that of `<unk>` for those not known."""
        return tuple(tuple(vocabulary.encode(group)) for group in self.groups)

    def to_text(self) -> str:
        """Write one word a line: the content of `concepts.txt`."""
        return "\n".join("".join(f"{word}\n" for word in group) for group in self.groups)

    @classmethod
    def from_text(cls, text: str) -> "Concepts":
        """Read what `to_text` wrote.

        Raises:
            BundleError: a group has no word, or one twice, or one that is not one word.
        """
        return cls(tuple(tuple(block.splitlines()) for block in text.split("\n\n")))


def _repeated(words: Sequence[str]) -> str:
    return next(word for i, word in enumerate(words) if word in words[:i])
