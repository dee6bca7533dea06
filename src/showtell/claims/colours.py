"""Captions without some of their colours."""

from collections.abc import Iterator, Sequence, Set

from showtell.claims.find import ends_phrase, number_of, word_at
from showtell.claims.inflect import plural, singular
from showtell.claims.lists import word_set
from showtell.claims.nouns import PEOPLE, find_noun
from showtell.claims.phrases import BE, DETERMINERS, Edits, is_verb, noun_after
from showtell.claims.words import COLOURS, SHADES

_HOW_MUCH = word_set("all mostly mainly solid completely entirely partly very")
_DRESSED = word_set("dressed clad clothed decked outfitted painted covered decorated dresses dress")
_WEARING = word_set("wearing wears wear")
_COLOURED = word_set("painted colored coloured dyed turned")
_LINKS = word_set("in with of") | _WEARING
_SIZES = word_set("small large big little tall long short old young fat thin")
_AUXILIARIES = BE | {"has", "have"}
_RELATIVES = word_set("that which who")


def without_colours(tokens: Sequence[str], withdrawn: Set[int]) -> Edits:
    """Take colours back: "a black and white dog" is "a dog", "a man in red" is "a man".

    Args:
        withdrawn: positions of colour claims.
    """
    edits: Edits = {}
    for start, stop in _runs(tokens, withdrawn):
        kept = [i for i in range(start, stop) if tokens[i] in COLOURS and i not in withdrawn]
        if kept:
            edits |= _without_some(tokens, start, stop, withdrawn)
        else:
            edits |= _without_run(tokens, start, stop)
    return edits


def _runs(tokens: Sequence[str], withdrawn: Set[int]) -> Iterator[tuple[int, int]]:
    """Find colours that stand together, with shades and joining words, as start and stop."""
    stop = 0
    for i in sorted(withdrawn):
        if i < stop:
            continue
        start = i
        while (before := _colour_before(tokens, start)) is not None and before >= stop:
            start = before
        stop = i + 1
        while (after := _colour_after(tokens, stop)) is not None:
            stop = after + 1
        while start > 0 and tokens[start - 1] in SHADES | _HOW_MUCH:
            start -= 1
        yield start, stop


def _colour_before(tokens: Sequence[str], i: int) -> int | None:
    j = i - 1
    while word_at(tokens, j) in SHADES | {"and", "or"}:
        j -= 1
    return j if word_at(tokens, j) in COLOURS else None


def _colour_after(tokens: Sequence[str], i: int) -> int | None:
    while word_at(tokens, i) in SHADES | {"and", "or"}:
        i += 1
    return i if word_at(tokens, i) in COLOURS else None


def _without_some(tokens: Sequence[str], start: int, stop: int, withdrawn: Set[int]) -> Edits:
    """Take some colours out of a run: of "black white and brown", "black and brown"."""
    edits: Edits = {}
    colour = stop  # the next one to the right
    for i in reversed(range(start, stop)):
        if tokens[i] in COLOURS:
            colour = i
        if colour in withdrawn and (i == colour or tokens[i] in SHADES | _HOW_MUCH):
            edits[i] = []
    left = [i for i in range(start, stop) if i not in edits]
    for i, after in zip(left, [*left[1:], stop], strict=True):
        first_or_last = i == left[0] or after == stop
        if tokens[i] in ("and", "or") and (
            first_or_last or word_at(tokens, after) in ("and", "or")
        ):
            edits[i] = []
    return edits


def _without_run(tokens: Sequence[str], start: int, stop: int) -> Edits:
    gone: Edits = {i: [] for i in range(start, stop)}
    if elided := _elided_noun(tokens, start, stop):
        return gone | {start: [elided]}
    if _describes_noun(tokens, start, stop):
        joined = word_at(tokens, start - 1) == "and" and _is_adjective(word_at(tokens, start - 2))
        return gone | ({start - 1: []} if joined else {})  # "a small and black dog"
    if _is_listed(tokens, start, stop):
        return gone | {stop: []}
    begin = _phrase_start(tokens, start)
    if begin is None:
        return gone | _stand_in(tokens, start, stop)
    return gone | _without_phrase(tokens, begin, start, stop)


def _elided_noun(tokens: Sequence[str], start: int, stop: int) -> str | None:
    """Give the noun that is left out in "a black and a brown dog"."""
    determiner = word_at(tokens, start - 1)
    is_one = determiner in DETERMINERS
    if not (is_one or number_of(determiner)) or word_at(tokens, stop) not in ("and", "or"):
        return None
    other = word_at(tokens, stop + 1)
    if other not in DETERMINERS and not number_of(other):
        return None
    noun = noun_after(tokens, stop + 2)
    if noun is None or word_at(tokens, stop + 2) not in COLOURS.keys() | SHADES:
        return None
    one = singular(tokens[noun])
    return one if is_one or number_of(determiner) == 1 else plural(one)


def _describes_noun(tokens: Sequence[str], start: int, stop: int) -> bool:
    """Tell whether a noun that has the colour follows: "a red shirt", not "in red jumps"."""
    before = word_at(tokens, start - 1)
    if ends_phrase(word_at(tokens, stop)):
        return False
    loose = before in _LINKS | BE | _COLOURED
    return not (loose and is_verb(tokens, stop))


def _is_listed(tokens: Sequence[str], start: int, stop: int) -> bool:
    """Tell whether a word of another kind goes with a colour: "a black and spotted dog"."""
    before, after = word_at(tokens, start - 1), word_at(tokens, stop + 1)
    ends = ends_phrase(after) or bool(number_of(after)) or is_verb(tokens, stop + 1)
    is_led = before in DETERMINERS or _is_adjective(before)
    return word_at(tokens, stop) == "and" and is_led and not ends


def _is_adjective(word: str) -> bool:
    return word in _SIZES or (word.endswith(("ed", "y")) and not find_noun(word))


def _phrase_start(tokens: Sequence[str], start: int) -> int | None:
    """Find where "dressed all in the …" or "that is …" begins; None if nothing like it is there."""
    i = start - 1
    while word_at(tokens, i) in _HOW_MUCH | {"a", "an", "the"}:
        i -= 1
    word = word_at(tokens, i)
    if word in BE and word_at(tokens, i - 1) != "there":
        begin = i
    elif word in _LINKS | _COLOURED:
        while word_at(tokens, i - 1) in _HOW_MUCH:
            i -= 1
        begin = i - 1 if word_at(tokens, i - 1) in _DRESSED else i
        if word_at(tokens, begin - 1) in _AUXILIARIES and word_at(tokens, begin - 2) != "there":
            begin -= 1
    else:
        return None
    if tokens[begin] in _AUXILIARIES and word_at(tokens, begin - 1) in _RELATIVES:
        begin -= 1
    return begin if begin > 0 else None


def _without_phrase(tokens: Sequence[str], begin: int, start: int, stop: int) -> Edits:
    """Leave out what only led up to a colour."""
    after = word_at(tokens, stop)
    phrase: Edits = {i: [] for i in range(begin, start)}
    if after == "and":
        link = word_at(tokens, start - 1)
        does = is_verb(tokens, stop + 1) or word_at(tokens, stop + 1) in (*BE, "has", "have")
        if does:
            return phrase | {stop: []}  # "is black and jumps", "in red and holding"
        has_article = word_at(tokens, stop + 1) in ("a", "an", "the")
        noun = noun_after(tokens, stop + 2 if has_article else stop + 1)
        is_other = noun is not None and find_noun(tokens[noun]) in PEOPLE
        if link in _WEARING | {"in"} and not is_other:
            return {stop: []}  # "wearing black and a hat"
    elif is_verb(tokens, stop) and after.endswith("ing") and tokens[begin] in BE:
        del phrase[begin]  # "is dressed in red holding"
    return phrase


def _stand_in(tokens: Sequence[str], start: int, stop: int) -> Edits:
    """Say something where a colour stood for a thing: "holding a red", "on green"."""
    before, after = word_at(tokens, start - 1), word_at(tokens, stop)
    if before == "one" and start > 1 and after not in BE and not is_verb(tokens, stop):
        first = start - 2 if word_at(tokens, start - 2) == "and" else start - 1
        return {i: [] for i in range(first, start)}  # "two dogs one brown and one black"
    if before in ("a", "an"):
        return {start - 1: [], start: ["one"]}
    if before == "the":
        return {start: ["one"]}
    return {start: ["something"]} if ends_phrase(before) else {}
