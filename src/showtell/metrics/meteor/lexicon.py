"""What METEOR knows of a single word: its stem, its meanings, whether it is a function word.

Meanings are WordNet's synsets, also of the word's base form. The base form is found as WordNet's
morphy does: a list of exceptions, then endings replaced, here without regard to part of speech.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple

from showtell.errors import MissingExtraError

# Of nouns, verbs and adjectives: table 1 of WordNet's manual page morphy(7WN).
_ENDINGS = (
    *(("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z")),
    *(("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y")),
    *(("s", ""), ("ies", "y"), ("es", "e"), ("es", "")),
    *(("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    *(("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
)


class Word(NamedTuple):
    """A word as the matchers see it."""

    text: str
    stem: str
    synsets: frozenset[str]  # WordNet's numbers
    is_function_word: bool


@dataclass(frozen=True)
class WordNet:
    """Words of the same meaning."""

    synsets: Mapping[str, str]  # base form -> numbers of its synsets, separated by blanks
    exceptions: Mapping[str, Sequence[str]]  # irregular form -> base forms

    def find(self, word: str) -> frozenset[str]:
        """Give the synsets of a word and of its base forms."""
        forms = [word, *self._base_forms(word)]
        return frozenset(number for form in forms for number in self.synsets.get(form, "").split())

    def _base_forms(self, word: str) -> Iterable[str]:
        if word in self.exceptions:
            return self.exceptions[word]
        if len(word) <= 2 or word.endswith("ss"):
            return ()
        for ending, replacement in _ENDINGS:
            base = word.removesuffix(ending) + replacement
            if word.endswith(ending) and base in self.synsets:
                return (base,)
        return ()


class Lexicon:
    """Looks words up, each one once."""

    def __init__(
        self, stem: Callable[[str], str], wordnet: WordNet, function_words: frozenset[str]
    ) -> None:
        self._stem = stem
        self._wordnet = wordnet
        self._function_words = function_words
        self._known: dict[str, Word] = {}

    def look_up(self, text: str) -> Word:
        """Describe a normalised word."""
        word = self._known.get(text)
        if word is None:
            stem, synsets = self._stem(text), self._wordnet.find(text)
            word = Word(text, stem, synsets, text in self._function_words)
            self._known[text] = word
        return word


def load_stemmer() -> Callable[[str], str]:
    """Give the function that stems as METEOR does: Snowball's English one before version 3.0.

    Raises:
        MissingExtraError: the installed snowballstemmer stems otherwise.
    """
    # Not by `snowballstemmer.stemmer`, which prefers a PyStemmer of whatever version.
    stem = import_module("snowballstemmer.english_stemmer").EnglishStemmer().stemWord
    if stem("added") != "ad":  # "add" since 3.0, which changed about one word in a thousand
        raise MissingExtraError(
            "METEOR's stems are those of snowballstemmer before 3.0: "
            "pip install 'snowballstemmer>=2,<3'"
        )
    return stem
