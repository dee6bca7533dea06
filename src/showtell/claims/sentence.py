"""From a model's tokens to the sentence that a person reads."""

from collections.abc import Sequence

from showtell.claims.generalise import generalise
from showtell.text import detokenize

REPEATED = 3  # words in a row that a caption should not say twice


def sentence(tokens: list[str], *, neutral: bool) -> str:
    """Write tokens as a sentence, one that names no gender if it is to be neutral.

    >>> sentence(["a", "man", "walks", "his", "dog"], neutral=True)
    'A person walks their dog.'
    """
    return detokenize(saying_no_gender(tokens) if neutral else tokens)


def saying_no_gender(tokens: Sequence[str]) -> list[str]:
    """Say a caption without naming a gender."""
    return generalise(tokens, ["gender"])


def without_new_repeats(found: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> list[int]:
    """Order captions, best first, so that those come last that began to repeat themselves.

    "A man in a red shirt and a woman in a blue shirt", with less said of both, is "a person in a
    shirt and a person in a shirt". Such a caption is said only where there is no other.

    Args:
        found: captions as the search found them, best first.
        said: the same captions with less said.

    Returns:
        Positions of captions.
    """
    worse = [_repeats(less) and not _repeats(more) for more, less in zip(found, said, strict=True)]
    return sorted(range(len(worse)), key=worse.__getitem__)


def _repeats(tokens: Sequence[str]) -> bool:
    runs = [tuple(tokens[i : i + REPEATED]) for i in range(len(tokens) - REPEATED + 1)]
    return len(set(runs)) < len(runs)
