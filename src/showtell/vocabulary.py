"""Vocabulary: token <-> id. The first four ids are the same in every model.

| id | token     | use                                              |
|----|-----------|--------------------------------------------------|
| 0  | `<pad>`   | fills a batch; never predicted, never scored      |
| 1  | `<start>` | what the decoder reads first; never predicted     |
| 2  | `<end>`   | what the decoder says last                        |
| 3  | `<unk>`   | a word of the captions that is not in the vocabulary; never emitted |
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from showtell.errors import BundleError, DataError
from showtell.text import DANGLING

PAD_ID, START_ID, END_ID, UNK_ID = range(4)
SPECIAL_TOKENS = ("<pad>", "<start>", "<end>", "<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """All tokens a model knows, in order of id. The first four are `SPECIAL_TOKENS`."""

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.tokens[:4] != SPECIAL_TOKENS:
            raise BundleError(
                f"a vocabulary must begin with {' '.join(SPECIAL_TOKENS)}, "
                f"this one begins with {' '.join(self.tokens[:4])!r}"
            )
        if len(set(self.tokens)) != len(self.tokens):
            repeated = next(token for token, n in Counter(self.tokens).items() if n > 1)
            raise BundleError(f"the vocabulary holds {repeated!r} twice")
        for token in self.tokens:
            # A blank or a line break would not survive `to_text`, nor a terminal some others.
            if token.split() != [token] or not token.isprintable():
                raise BundleError(f"the vocabulary holds {token!r}, which is not one word")

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: token_id for token_id, token in enumerate(self.tokens)}

    @classmethod
    def build(
        cls,
        captions: Iterable[Sequence[str]],
        *,
        min_count: int,
        text: Iterable[Sequence[str]] = (),
        text_min_count: int = 1,
    ) -> "Vocabulary":
        """Take the tokens seen at least `min_count` times, commonest first, ties by spelling.

        Args:
            text: more sentences, of which those tokens enter that it holds `text_min_count` times.

        Raises:
            DataError: no token of the captions is seen that often.
        """
        counts = Counter(token for tokens in captions for token in tokens)
        of_text = Counter(token for tokens in text for token in tokens)
        kept = {token for token, count in counts.items() if count >= min_count}
        if not kept:
            raise DataError(f"no word is seen {min_count} times in train; lower training.min_count")
        kept |= {token for token, count in of_text.items() if count >= text_min_count}
        both = counts + of_text
        return cls(SPECIAL_TOKENS + tuple(sorted(kept, key=lambda token: (-both[token], token))))

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Give the ids of tokens; `<unk>` for those not known."""
        return [self._ids.get(token, UNK_ID) for token in tokens]

    @cached_property
    def dangling_ids(self) -> list[int]:
        """The ids of words that no caption ends with."""
        return [self._ids[word] for word in DANGLING if word in self._ids]

    def decode(self, token_ids: Iterable[int]) -> list[str]:
        """Give the tokens of ids, up to the first `<end>`; `<pad>` and `<start>` are left out."""
        tokens = []
        for token_id in token_ids:
            if token_id == END_ID:
                break
            if token_id not in (PAD_ID, START_ID):
                tokens.append(self.tokens[token_id])
        return tokens

    def coverage(self, captions: Iterable[Sequence[str]]) -> float:
        """Give the share of running tokens that the vocabulary knows, 0 to 1."""
        known = total = 0
        for tokens in captions:
            total += len(tokens)
            known += sum(token in self._ids for token in tokens)
        return known / total if total else 0.0

    def to_text(self) -> str:
        """One token a line, in order of id: the content of `vocabulary.txt`."""
        return "".join(f"{token}\n" for token in self.tokens)

    @classmethod
    def from_text(cls, text: str) -> "Vocabulary":
        """Read what `to_text` wrote."""
        return cls(tuple(text.splitlines()))
