"""Captions without some of their numbers."""

from collections.abc import Sequence, Set

from showtell.claims.find import stands_alone, word_at
from showtell.claims.phrases import BE, Edits, is_verb

_OF_ALL = ("one", "each", "all", "both", "any", "some", "none", "most")
_AT_LEAST = (("at", "least"), ("more", "than"), ("at", "most"), ("less", "than"))


def without_counts(tokens: Sequence[str], withdrawn: Set[int]) -> Edits:
    """Take numbers back: "a group of three men" is "a group of men", "two play" is "some play".

    Args:
        withdrawn: positions of count claims.
    """
    edits: Edits = {}
    for i in sorted(withdrawn):
        edits |= _alone(tokens, i) if stands_alone(tokens, i) else _before_noun(tokens, i)
    return edits


def _before_noun(tokens: Sequence[str], i: int) -> Edits:
    before = word_at(tokens, i - 1)
    if before == "of" and word_at(tokens, i - 2) in _OF_ALL:  # "one of two dogs"
        return {i: ["the"]}
    if before == "another":  # "another two dogs"
        return {i - 1: [], i: ["more"]}
    if (word_at(tokens, i - 2), before) in _AT_LEAST:
        return {i - 2: [], i - 1: [], i: []}
    return {i: []}


def _alone(tokens: Sequence[str], i: int) -> Edits:
    before, after = word_at(tokens, i - 1), word_at(tokens, i + 1)
    if before == "the" and after == "of":  # "the two of them"
        return {i - 1: [], i: [], i + 1: []}
    if before == "the":
        does = after in BE or after == "have" or is_verb(tokens, i + 1)
        return {i - 1: [], i: ["they" if does else "them"]}
    if before in ("of", "for"):  # "a group of two", "a table for two"
        return {i - 1: [], i: []}
    return {i: [] if before in ("these", "those", "all") else ["some"]}
