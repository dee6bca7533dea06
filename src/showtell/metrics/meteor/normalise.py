"""METEOR's `-norm` for English: text becomes lower-case words, punctuation set apart.

The rules follow the behaviour of METEOR 1.5, whose normaliser descends from the Moses tokeniser.
They are applied in turn, each to the whole text as the one before left it. A match uses up the
characters it covers: of "a,b,c" only the first comma is set apart, as in the original.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

# Latin, Cyrillic and phonetic letters; all others (Greek, Chinese, …) count as symbols.
_LETTERS = "A-Za-zÀ-ÖØ-öø-\u017e\u0400-\u0527\ua640-\ua66e\ua67e-\ua697\u1d00-\u1d7f"
_BLANKS = " \t\n\r\f"

_RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (rf"[^0-9{_LETTERS}{_BLANKS}\v.,'`‘’-]", r" \g<0> "),
        (r"\.\.+", r" \g<0> "),
        # A comma stays only between digits.
        (r"([^0-9]),([^0-9])", r"\1 , \2"),
        (r"([0-9]),([^0-9])", r"\1 , \2"),
        (r"([^0-9]),([0-9])", r"\1 , \2"),
        (r"[`‘’]", "'"),
        (r"[“”]|''", ' " '),
        (r"–", "-"),
        (r"--", "-"),
        # Compounds are taken apart, so that half of one can match.
        (rf"([0-9{_LETTERS}.])-([0-9{_LETTERS}])", r"\1 \2"),
        # An apostrophe stands alone, but leads what follows in "don't", "dog's" and "1990's".
        (rf"([^{_LETTERS}])'([^{_LETTERS}])", r"\1 ' \2"),
        (rf"([^0-9{_LETTERS}])'([{_LETTERS}])", r"\1 ' \2"),
        (rf"([{_LETTERS}])'([^{_LETTERS}])", r"\1 ' \2"),
        (rf"([{_LETTERS}])'([{_LETTERS}])", r"\1 '\2"),
        (r"([0-9])'(s)", r"\1 '\2"),
    )
]
_SPLIT = re.compile(f"[{_BLANKS}]+")
_LETTER = re.compile(f"[{_LETTERS}]")
_OTHER_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_CONTROLS = "".join(map(chr, range(33)))


@dataclass(frozen=True)
class Prefixes:
    """Abbreviations that keep their final dot, written without it."""

    always: frozenset[str]  # "Mr"
    before_number: frozenset[str]  # "No", as in "No. 5"


def join_words(words: Iterable[str]) -> str:
    """Write a caption as one line, in the way COCO-caption hands it to METEOR.

    COCO-caption takes METEOR's separator "|||" out of captions; here references lose it too.
    """
    return re.sub(r"\|\|\||[\r\n]", lambda found: found[0].isspace() * " ", " ".join(words))


def normalise(text: str, prefixes: Prefixes) -> list[str]:
    """Split text into METEOR's words."""
    text = f" {text} "
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    words = [word for word in _SPLIT.split(text) if word]
    undotted = " ".join(
        _detach_dot(word, following, prefixes) for word, following in pairwise([*words, ""])
    )
    line = _OTHER_SPACES.sub(" ", undotted).strip(_CONTROLS).lower()
    return [word for word in _SPLIT.split(line) if word]


def _detach_dot(word: str, following: str, prefixes: Prefixes) -> str:
    """Set a final dot apart unless it seems to belong to the word; "U.S." loses its dots."""
    stem = word[:-1]
    if not word.endswith(".") or not stem.strip("."):
        return word
    if "." in stem and _LETTER.search(stem):
        return word.replace(".", "")
    if stem in prefixes.always or re.match("[a-z]", following):
        return word
    if stem in prefixes.before_number and re.match("[0-9]", following):
        return word
    return f"{stem} ."
