"""What a caption is mainly about: its first noun that is a thing, an animal or a person."""

from collections.abc import Iterator, Sequence

from showtell.claims.find import find_claims, word_at
from showtell.claims.inflect import is_plural
from showtell.claims.lists import word_set
from showtell.claims.nouns import ANIMALS, KIND_OF, MEASURES, PEOPLE, SAME, find_noun

PERSON = "person"  # whoever it is: man, skier, child
# Two words that together are another thing than each alone.
_JOINED = {("hot", "dog"): "hotdog", ("hot", "dogs"): "hotdogs", ("teddy", "bear"): "teddy"} | {
    ("passenger", word): word for word in ("train", "bus", "jet", "plane", "car", "van")
}
# Plurals that are mostly verbs after a noun: "a child watches", "a bird ducks".
_VERBS = word_set("watches signs waves skis brushes rolls shops bats bikes ducks trains")


def main_thing(tokens: Sequence[str]) -> str | None:
    """Name what a caption is mainly about, in the singular; every person is a `person`.

    Of nouns in a row the last is meant, and of "a group of people" the people.

    >>> main_thing("two tennis players on a court".split())
    'person'
    >>> main_thing("a pair of old shoes on the side of a road".split())
    'shoe'

    Returns:
        None where no word of it is in our list of nouns.
    """
    words = _words_of(tokens)
    for i, word in enumerate(words):
        if find_noun(word):
            while _go_together(words[i], word_at(words, i + 1)):
                i += 1
            return _canonical(words[i])
    return None


def named_things(tokens: Sequence[str]) -> frozenset[str]:
    """Give all that a caption names, as `main_thing` calls it, with the kinds that it is of.

    >>> sorted(named_things("a poodle and a man".split()))
    ['animal', 'dog', 'person', 'poodle']
    """
    return frozenset(
        kind
        for word in _words_of(tokens)
        if find_noun(word)
        for kind in _with_kinds(_canonical(word))
    )


def _canonical(noun: str) -> str:
    """Give one name for all words that say the same: of synonyms the first."""
    one = find_noun(noun) or noun
    return PERSON if one in PEOPLE else SAME.get(one, one)


def _go_together(first: str, second: str) -> bool:
    """Tell whether two nouns in a row are one thing: "fire hydrant", not "boy watches"."""
    one, other = find_noun(first), find_noun(second)
    if one is None or other is None or is_plural(first) or second in _VERBS:
        return False
    return one not in PEOPLE or other in PEOPLE | ANIMALS  # "baby elephant"


def _with_kinds(thing: str) -> Iterator[str]:
    while thing:
        yield thing
        thing = KIND_OF.get(thing, "")


def _words_of(tokens: Sequence[str]) -> list[str]:
    """Join what is one thing; leave out colours, and what only measures: "a pair of"."""
    colours = {claim.position for claim in find_claims(tokens) if claim.kind == "colour"}
    words: list[str] = []
    for i, word in enumerate(tokens):
        before, after = word_at(tokens, i - 1), word_at(tokens, i + 1)
        measures = after == "of" or (word == "couple" and is_plural(after) and find_noun(after))
        is_shade = word == "light" and (i + 1 in colours or after == "colored")
        if joined := _JOINED.get((before, word)):
            words[-1:] = [joined]
        elif i not in colours and not is_shade and not (measures and word in MEASURES):
            words.append(word)
    return words
