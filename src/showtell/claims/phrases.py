"""Where things are in a caption: what goes with a noun, what is a verb. Rules of thumb."""

from collections.abc import Sequence

from showtell.claims.find import ends_phrase, word_at
from showtell.claims.inflect import plural_verb
from showtell.claims.lists import word_set
from showtell.claims.nouns import find_noun
from showtell.claims.words import VERBS

Edits = dict[int, list[str]]  # position of a token -> what stands there instead

BE = word_set("is are was were")
DETERMINERS = word_set("a an the one another this that these those his her their its")
# "In red swimming trunks": what is named after its use.
_GEAR = word_set(
    "trunks suit suits shorts pants gear outfit outfits uniform uniforms costume costumes cap hat "
    "gloves shoes boots skates helmet goggles jersey jerseys shirt jacket vest clothes attire"
)


def is_verb(tokens: Sequence[str], i: int) -> bool:
    """Tell whether a word that could be a noun or an adjective is what somebody does."""
    word, after = word_at(tokens, i), word_at(tokens, i + 1)
    if word.endswith("ing"):
        return after not in _GEAR and not find_noun(word)
    has_object = word.endswith("s") and after in DETERMINERS  # "in pink tosses a ball"
    return plural_verb(word) in VERBS or (has_object and not find_noun(word))


def noun_after(tokens: Sequence[str], i: int) -> int | None:
    """Give the position of the noun that the words from here on belong to, if it is known."""
    for j in range(i, len(tokens)):
        if ends_phrase(tokens[j]):
            return None
        if find_noun(tokens[j]) and not is_verb(tokens, j):
            while find_noun(word_at(tokens, j + 1)) and not is_verb(tokens, j + 1):
                j += 1
            return j
    return None
