"""English endings, as far as captions need them: plurals, verbs, a or an."""

from showtell.claims.lists import word_set

_IRREGULAR = {
    "person": "people",
    "child": "children",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "wife": "wives",
    "knife": "knives",
    "leaf": "leaves",
    "calf": "calves",
    "half": "halves",
    "loaf": "loaves",
    "shelf": "shelves",
    "scarf": "scarves",
    "wolf": "wolves",
    **{word: word for word in ("sheep", "fish", "deer", "aircraft", "moose", "bison")},
}
_SINGULAR = {plural: one for one, plural in _IRREGULAR.items()}
# They end in s, and are of one thing.
_NO_PLURAL = word_set(
    "bus gas dress glass grass lens bass mass class cross pass mess boss moss tennis gymnastics "
    "lacrosse canvas cactus octopus walrus atlas iris circus hummus asparagus campus citrus "
    "wilderness harness christmas santa-claus is was has does its his this us across yes always "
    "perhaps towards sometimes outdoors indoors upwards backwards less"
)
# What "they" does, where leaving out the s is not enough.
_VERBS = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go", "'s": "'re"}
_SPOKEN_VOWEL = ("hour", "honest", "heir")
_SPOKEN_CONSONANT = ("uni", "use", "usual", "euro", "one", "once", "ukulele", "u-turn")
_SPOKEN_VOWEL_AFTER_ALL = ("unin", "unim", "unidentified")


def plural(noun: str) -> str:
    """Give the plural of a noun.

    >>> [plural(word) for word in ("dog", "child", "policeman", "bench", "baby", "boy")]
    ['dogs', 'children', 'policemen', 'benches', 'babies', 'boys']
    """
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith("man") and noun != "human":
        return f"{noun[:-3]}men"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def singular(noun: str) -> str:
    """Give the singular of a plural; any other word as it is.

    >>> [singular(word) for word in ("dogs", "men", "babies", "benches", "horses", "grass")]
    ['dog', 'man', 'baby', 'bench', 'horse', 'grass']
    """
    if noun in _SINGULAR:
        return _SINGULAR[noun]
    if noun.endswith("men") and noun not in ("specimen", "abdomen", "ramen"):
        return f"{noun[:-3]}man"
    if not noun.endswith("s") or noun.endswith("ss") or noun in _NO_PLURAL or len(noun) < 4:
        return noun
    if noun.endswith("ies") and len(noun) > 4 and noun not in ("movies", "cookies", "selfies"):
        return f"{noun[:-3]}y"
    if noun.endswith(("sses", "shes", "ches", "xes", "zzes", "buses", "toes")):
        return noun[:-3] if noun.endswith("zzes") else noun[: -1 if noun == "toes" else -2]
    return noun[:-1]


def is_plural(word: str) -> bool:
    """Tell whether a noun is of several: its ending says so."""
    return word in _SINGULAR or singular(word) != word


def plural_verb(verb: str) -> str:
    """Say of several what one does; what shows no number stays.

    >>> [plural_verb(word) for word in ("runs", "catches", "carries", "is", "jumped")]
    ['run', 'catch', 'carry', 'are', 'jumped']
    """
    if verb in _VERBS:
        return _VERBS[verb]
    if not verb.endswith("s") or verb.endswith("ss") or len(verb) < 4:
        return verb
    if verb.endswith("ies") and len(verb) > 4:
        return f"{verb[:-3]}y"
    return verb[:-2] if verb.endswith(("sses", "shes", "ches", "xes", "zzes")) else verb[:-1]


def article(word: str) -> str:
    """Choose between a and an, by how the word that follows begins when it is spoken.

    >>> [article(word) for word in ("dog", "orange", "hour", "uniform", "unidentified")]
    ['a', 'an', 'an', 'a', 'an']
    """
    if word.startswith(_SPOKEN_CONSONANT) and not word.startswith(_SPOKEN_VOWEL_AFTER_ALL):
        return "a"
    return "an" if word[:1] in tuple("aeiou") or word.startswith(_SPOKEN_VOWEL) else "a"
