"""Which concepts a model tells the probabilities of: words, in groups by where they come from."""

from collections import Counter
from dataclasses import dataclass

from showtell.errors import BundleError, first_few
from showtell.files import sha256_hex
from showtell.vocabulary import Vocabulary


@dataclass(frozen=True)
class Concepts:
    """Words by groups, in the order of their probabilities; two groups may share a word."""

    groups: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for words in self.groups:
            if not words:
                raise BundleError("a group of concepts is empty")
            if repeated := sorted(word for word, n in Counter(words).items() if n > 1):
                raise BundleError(f"a group of concepts holds twice: {first_few(repeated)}")
            for word in words:
                # A blank or a line break would not survive `to_text`, nor a terminal some others.
                if word.split() != [word] or not word.isprintable():
                    raise BundleError(f"the concepts hold {word!r}, which is not one word")

    def __len__(self) -> int:
        return len(self.words)

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, (C,)."""
        return tuple(word for words in self.groups for word in words)

    @property
    def sha256(self) -> str:
        """Of their text."""
        return sha256_hex(self.to_text().encode())

    def token_ids(self, vocabulary: Vocabulary) -> tuple[tuple[int, ...], ...]:
        """Give the ids of the words by groups; `<unk>` for those that the vocabulary lacks."""
        return tuple(tuple(vocabulary.encode(words)) for words in self.groups)

    def to_text(self) -> str:
        """One word a line, a blank line between groups: the content of `concepts.txt`."""
        return "\n".join("".join(f"{word}\n" for word in words) for words in self.groups)

    @classmethod
    def from_text(cls, text: str) -> "Concepts":
        """Read what `to_text` wrote.

        Raises:
            BundleError: it is not as `to_text` writes it.
        """
        return cls(tuple(tuple(part.splitlines()) for part in text.split("\n\n")))
