"""Finding what a caption claims: genders, numbers and colours, each with its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from showtell.claims.inflect import is_plural
from showtell.claims.words import (
    COLOURS,
    FEMALE,
    FEMALE_PLURAL_OWNERS,
    FEMALE_PRONOUNS,
    FUNCTION_WORDS,
    MALE,
    MALE_PLURAL_OWNERS,
    MALE_PRONOUNS,
    NO_COLOUR_BEFORE,
    NO_PERSON_BEFORE,
    NUMBERS,
    VERBS,
)

Kind = Literal["gender", "count", "colour"]

_GENDERS = dict.fromkeys((*MALE, *MALE_PRONOUNS, *MALE_PLURAL_OWNERS), "male") | dict.fromkeys(
    (*FEMALE, *FEMALE_PRONOUNS, *FEMALE_PLURAL_OWNERS), "female"
)
_FAR = 5  # words between a number and what it counts, at most
_MOST = 20  # what one counts in a photo; larger numbers are on shirts


@dataclass(frozen=True)
class Claim:
    """One word of a caption that says more than that there is something."""

    kind: Kind
    value: str  # male or female; the number in digits; the colour, of two spellings one
    position: int  # of the token


def find_claims(tokens: Sequence[str]) -> tuple[Claim, ...]:
    """Find what a caption claims, in order.

    - gender: nouns, adjectives and pronouns, but not "a cowboy hat".
    - count: two to twenty of something, as a word or in digits, but not "a two year old", nor
      "two or three".
    - colour: the colour of something, but not "an orange", "white water".

    >>> [(claim.kind, claim.value) for claim in find_claims("two men in grey".split())]
    [('count', '2'), ('gender', 'male'), ('colour', 'gray')]
    """
    return tuple(_find(tokens))


def _find(tokens: Sequence[str]) -> Iterator[Claim]:
    for i, word in enumerate(tokens):
        if word in _GENDERS:
            if word_at(tokens, i + 1) not in NO_PERSON_BEFORE.get(word, ()):
                yield Claim("gender", _GENDERS[word], i)
        elif word in COLOURS:
            if _is_colour(tokens, i):
                yield Claim("colour", COLOURS[word], i)
        elif (number := number_of(word)) and 2 <= number <= _MOST and _counts(tokens, i):
            yield Claim("count", str(number), i)


def word_at(tokens: Sequence[str], i: int) -> str:
    """Give a token, or "" outside the caption."""
    return tokens[i] if 0 <= i < len(tokens) else ""


def ends_phrase(word: str) -> bool:
    """Tell whether a noun phrase ends before this: a word such as "in", or the caption's end."""
    return not word or word in FUNCTION_WORDS


def number_of(word: str) -> int | None:
    """Read a number, as a word or in digits."""
    if word.isascii() and word.isdigit() and len(word) < 4:
        return int(word)
    return 1 if word == "one" else NUMBERS.get(word)


def _is_colour(tokens: Sequence[str], i: int) -> bool:
    word, before, after = tokens[i], word_at(tokens, i - 1), word_at(tokens, i + 1)
    if after in NO_COLOUR_BEFORE.get(word, ()):
        return False
    # "Holding an orange", "slices of orange": the fruit.
    is_fruit = word == "orange" and ends_phrase(after) and before not in ("in", "is", "are", "and")
    return not is_fruit or before in COLOURS or after == "and"


def _counts(tokens: Sequence[str], i: int) -> bool:
    """Tell whether a number says how many there are of something that one sees."""
    before, after = word_at(tokens, i - 1), word_at(tokens, i + 1)
    is_vague = (before in ("or", "to") and number_of(word_at(tokens, i - 2))) or (
        after in ("or", "to")
        and (number_of(word_at(tokens, i + 2)) or word_at(tokens, i + 2) == "more")
    )
    if before == "number" or is_vague:  # "number 4", "two or three"
        return False
    if stands_alone(tokens, i):
        return before == "" or before in FUNCTION_WORDS
    return _plural_follows(tokens, i)  # not so of "a two person kayak"


def stands_alone(tokens: Sequence[str], i: int) -> bool:
    """Tell whether a number stands for what it counts: "two are playing", "two sit", "the two"."""
    after = word_at(tokens, i + 1)
    is_done = after.endswith("ing") or after in VERBS
    return ends_phrase(after) or (is_done and not _plural_follows(tokens, i))


def _plural_follows(tokens: Sequence[str], i: int) -> bool:
    for word in tokens[i + 1 : i + 1 + _FAR]:
        if word in FUNCTION_WORDS and word not in ("and", "other"):
            return False
        if is_plural(word):
            return True
    return False
