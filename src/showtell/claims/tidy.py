"""Mending a caption after some of its words were taken out: what has become alike, a and an."""

from collections.abc import Sequence, Set
from typing import NamedTuple

from showtell.claims.find import number_of, word_at
from showtell.claims.inflect import article, is_plural, plural, singular
from showtell.claims.lists import word_set
from showtell.claims.nouns import ANIMALS, NOUNS, PEOPLE
from showtell.claims.words import FUNCTION_WORDS, NUMBER_WORDS

_ONE = word_set("a an one another")
_MODIFIERS = 3  # before a noun, at most
_THE_SAME = word_set("as like of is are was were")  # "dressed as a person": no other one


class _Phrase(NamedTuple):
    """A noun with what stands before it: tokens[start:stop], the noun last."""

    start: int
    stop: int
    determiner: str  # "" if there is none
    modifiers: tuple[str, ...]
    number: int | None  # None: several


def tidy(tokens: Sequence[str], touched: Set[int], *, may_count: bool) -> list[str]:
    """Mend what changes have left: "a person and a person" is "two people", "a orange" "an orange".

    Args:
        touched: positions where something was changed.
        may_count: whether "two" may be said.
    """
    marked = [(word, i in touched) for i, word in enumerate(tokens)]
    while merged := _merge_once(marked, may_count=may_count):
        marked = merged
    marked = _tell_apart(marked)
    words = [word for word, _ in marked]
    for i, after in enumerate(words[1:]):
        if words[i] in ("a", "an") and marked[i + 1][1]:
            words[i] = article(after)
    return words


_Marked = list[tuple[str, bool]]  # a token, and whether it was touched


def _merge_once(marked: _Marked, *, may_count: bool) -> _Marked | None:
    """Say once what stands twice beside each other; None if nothing does."""
    tokens = [word for word, _ in marked]
    for k in range(1, len(tokens)):
        right_start = k + 1 if tokens[k] == "and" else k
        left, right = _phrase_before(tokens, k), _phrase_from(tokens, right_start, tokens[k - 1])
        if right is None or not _are_alike(left, right, is_joined=right_start > k):
            continue
        if any(was for _, was in marked[left.start : right.stop]):
            words = _both(tokens, left, right, may_count=may_count)
            start = left.start - (word_at(tokens, left.start - 1) == "both")
            rest = _with_article(marked[right.stop :]) if len(words) > 1 else marked[right.stop :]
            return marked[:start] + [(word, True) for word in words] + rest
    return None


def _are_alike(left: _Phrase, right: _Phrase, *, is_joined: bool) -> bool:
    if not is_joined and right.modifiers and not right.determiner:
        return False
    shares = is_joined and not right.determiner and not right.modifiers  # "a young man and woman"
    return shares or left.modifiers == right.modifiers


def _phrase_before(tokens: Sequence[str], stop: int) -> _Phrase:
    """Read the noun phrase that ends before `stop`."""
    start = stop - 1
    while (
        stop - start <= _MODIFIERS
        and (before := word_at(tokens, start - 1))
        and before not in FUNCTION_WORDS
        and not before.endswith("ing")
        and not number_of(before)
    ):
        start -= 1
    return _phrase(tokens, start, stop)


def _phrase_from(tokens: Sequence[str], start: int, noun: str) -> _Phrase | None:
    """Read the noun phrase that begins at `start`, if its noun is the same."""
    if singular(noun) not in NOUNS:
        return None
    first = start + _has_determiner(word_at(tokens, start))
    for i in range(first, min(first + _MODIFIERS + 1, len(tokens))):
        if singular(tokens[i]) == singular(noun):
            if word_at(tokens, i + 1) in (NOUNS - PEOPLE) | {"'s"}:
                return None  # "a person and a person 's dog"
            return _phrase(tokens, first, i + 1)
        if tokens[i] in FUNCTION_WORDS:
            return None
    return None


def _phrase(tokens: Sequence[str], start: int, stop: int) -> _Phrase:
    determiner = word_at(tokens, start - 1)
    has_one = _has_determiner(determiner)
    noun = tokens[stop - 1]
    number = number_of(determiner) if has_one else None
    counted = number or (None if is_plural(noun) else 1)
    modifiers = tuple(tokens[start : stop - 1])
    return _Phrase(start - has_one, stop, determiner if has_one else "", modifiers, counted)


def _has_determiner(word: str) -> bool:
    return word in _ONE or word == "the" or bool(number_of(word))


def _both(tokens: Sequence[str], left: _Phrase, right: _Phrase, *, may_count: bool) -> list[str]:
    if left.number is None:
        return list(tokens[left.start : left.stop])
    if right.number is None:
        return list(tokens[right.start : right.stop])
    both = left.number + right.number
    said = [NUMBER_WORDS.get(both, str(both))] if may_count else []
    the = ["the"] if left.determiner == "the" and right.determiner in ("the", "") else []
    return [*the, *said, *left.modifiers, plural(singular(tokens[left.stop - 1]))]


def _with_article(rest: _Marked) -> _Marked:
    """Give its own "a" to what shared one: of "a man, woman and child", the child."""
    listed = [word for word, _ in rest[:2]]
    if listed[:1] == ["and"] and listed[1:] and listed[1] in PEOPLE and not is_plural(listed[1]):
        return [rest[0], ("a", True), (listed[1], True), *rest[2:]]
    return rest


def _tell_apart(marked: _Marked) -> _Marked:
    """Say "another" of a second: "a dog chases a dog"."""
    told = list(marked)
    for i in range(len(told) - 1):
        (word, _), (noun, was) = told[i], told[i + 1]
        if word not in ("a", "an") or not was or noun not in PEOPLE | ANIMALS:
            continue
        before = [earlier for earlier, _ in told[:i]]
        if noun in before and word_at(before, i - 1) not in _THE_SAME:
            told[i] = ("another", True)
    return told
