"""Captions without some of their genders."""

from collections.abc import Sequence, Set

from showtell.claims.find import ends_phrase, number_of, word_at
from showtell.claims.inflect import is_plural, plural, plural_verb, singular
from showtell.claims.lists import word_set
from showtell.claims.nouns import ANIMALS, PEOPLE, find_noun
from showtell.claims.phrases import Edits, is_verb, noun_after
from showtell.claims.words import (
    FEMALE,
    FEMALE_PLURAL_OWNERS,
    FEMALE_PRONOUNS,
    GENDER_ADJECTIVES,
    MALE,
    MALE_PLURAL_OWNERS,
    MALE_PRONOUNS,
    VERBS,
)

_NEUTRAL = MALE | FEMALE
_PRONOUNS = MALE_PRONOUNS | FEMALE_PRONOUNS
_PLURAL_OWNERS = MALE_PLURAL_OWNERS | FEMALE_PLURAL_OWNERS
# They name many, and so do not take the place of "woman" in "team woman".
_MANY = word_set("couple family crowd group team audience crew staff police")
_TEENAGE = word_set("teenage teen teenaged teenager")
_YOUNG = word_set("boy girl boys girls")
_CHILDREN = word_set("baby child toddler kid person")
_PLURAL_PRONOUNS = {
    **dict.fromkeys(("he", "she"), "they"),
    "him": "them",
    "hers": "theirs",
    **dict.fromkeys(("himself", "herself"), "themselves"),
}
_ANIMAL_PRONOUNS = {
    **dict.fromkeys(("he", "she", "him"), "it"),
    "hers": "its",
    **dict.fromkeys(("himself", "herself"), "itself"),
}
_FAR = 8  # words from "he" to a second verb of his, at most


def without_genders(tokens: Sequence[str], withdrawn: Set[int]) -> Edits:
    """Take genders back: "a young man and his dog" is "a young person and their dog".

    Args:
        withdrawn: positions of gender claims.
    """
    edits: Edits = {}
    for i in sorted(withdrawn):
        if i in edits:
            continue
        if tokens[i] in _PRONOUNS:
            edits |= _pronoun(tokens, i)
        elif tokens[i] in _PLURAL_OWNERS:  # "mens team"
            edits[i] = ["people", "'s"] if ends_phrase(word_at(tokens, i + 1)) else []
        else:
            edits |= _noun(tokens, i)
    return edits


def _noun(tokens: Sequence[str], i: int) -> Edits:
    word, before = tokens[i], word_at(tokens, i - 1)
    if _goes_with_noun(tokens, i):
        return {i: []}
    if _is_category(tokens, i):
        return {i: [], i + 1: []}
    if before in _TEENAGE:
        return {i - 1: [], i: ["teenagers" if is_plural(word) else "teenager"]}
    if before in PEOPLE - _MANY - _NEUTRAL.keys() and not number_of(before):  # "baby girls"
        return {i - 1: [], i: [plural(before) if is_plural(word) else before]}
    instead = _NEUTRAL[word]
    is_miscounted = (number_of(before) or 0) > 1 and not is_plural(word)  # "two woman"
    return {i: (plural(instead) if is_miscounted else instead).split()}


def _goes_with_noun(tokens: Sequence[str], i: int) -> bool:
    """Tell whether a word only says which of its kind: "male skater", "woman tennis player"."""
    word, after = tokens[i], word_at(tokens, i + 1)
    if ends_phrase(after) or is_verb(tokens, i + 1) or after.endswith("ed"):
        return False
    if word in GENDER_ADJECTIVES:
        return noun_after(tokens, i + 1) is not None
    if word in _YOUNG and after in ("scout", "scouts"):
        return True
    noun = next((j for j in (i + 1, i + 2) if singular(word_at(tokens, j)) in PEOPLE), None)
    if noun is None or any(tokens[j] in _NEUTRAL for j in range(i + 1, noun + 1)):
        return False
    if noun == i + 2 and (is_plural(after) or not find_noun(after)):
        return False
    # "A woman child and dog" is a list that lost its comma.
    is_listed = singular(tokens[noun]) in _CHILDREN and word not in _YOUNG
    return is_plural(tokens[noun]) == is_plural(word) and not is_listed


def _is_category(tokens: Sequence[str], i: int) -> bool:
    """Tell whether "women 's" is of nobody that one sees: "a women's team"."""
    owns = word_at(tokens, i + 1) == "'s" and not ends_phrase(word_at(tokens, i + 2))
    return is_plural(tokens[i]) and owns and ends_phrase(word_at(tokens, i - 1))


def _pronoun(tokens: Sequence[str], i: int) -> Edits:
    word, after = tokens[i], word_at(tokens, i + 1)
    if after in ("or", "and") and word_at(tokens, i + 2) in _PRONOUNS:  # "his or her"
        return {i: [], i + 1: []}
    of_animal = _is_of_animal(tokens, i)
    if word in ("his", "her"):
        return {i: [_possessive(tokens, i, of_animal=of_animal)]}
    if of_animal:
        return {i: [_ANIMAL_PRONOUNS[word]]}
    agreeing = _agreeing_verbs(tokens, i) if word in ("he", "she") else {}
    return {i: [_PLURAL_PRONOUNS[word]]} | agreeing


def _is_of_animal(tokens: Sequence[str], i: int) -> bool:
    """Tell whether animals are named before, and nobody else is."""
    before = {find_noun(word) for word in tokens[:i]}
    return not before & PEOPLE and bool(before & ANIMALS)


def _possessive(tokens: Sequence[str], i: int, *, of_animal: bool) -> str:
    """Choose for "his" and "her", which stand for "their", "theirs" and "them"."""
    after = word_at(tokens, i + 1)
    owns = not ends_phrase(after) or after == "back"  # "on her back"
    if tokens[i] == "her" and (not owns or (is_verb(tokens, i + 1) and after.endswith("ing"))):
        return "it" if of_animal else "them"
    if of_animal:
        return "its"
    return "their" if owns else "theirs"


def _agreeing_verbs(tokens: Sequence[str], i: int) -> Edits:
    """Give the verbs of "he", as they are after "they"."""
    verb = i + 1
    while word_at(tokens, verb).endswith("ly") or word_at(tokens, verb) in (
        "also",
        "just",
        "still",
    ):
        verb += 1
    if verb >= len(tokens):
        return {}
    edits = {verb: [plural_verb(tokens[verb])]}
    for j in range(verb + 1, min(verb + _FAR, len(tokens) - 1)):
        second = plural_verb(tokens[j + 1])
        if tokens[j] in ("and", "or") and second in VERBS and second != tokens[j + 1]:
            edits[j + 1] = [second]
    return edits
