"""All that could match between a caption and a reference: equal words, equal stems, words that
share a meaning in WordNet, and phrases that the table holds as paraphrases of each other.

Which of these matches METEOR uses is decided by `alignment`. That search is a beam search, so its
outcome may depend on the order of the matches, and on a match that is found twice (a paraphrase
listed in both directions): both are kept as METEOR has them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from showtell.metrics.meteor.lexicon import Word
from showtell.metrics.meteor.paraphrases import MAX_WORDS, Paraphrases

EXACT, STEM, SYNONYM, PARAPHRASE = MATCHERS = range(4)


class Match(NamedTuple):
    """Words `start : start + length` of the reference, and the same of the caption."""

    start: int
    length: int
    caption_start: int
    caption_length: int
    matcher: int


class Span(NamedTuple):
    """A phrase where it stands in a sentence; positions and lengths count words."""

    phrase: str
    start: int
    length: int


@dataclass(frozen=True)
class Sentence:
    """A caption or a reference, normalised."""

    words: Sequence[Word]

    @cached_property
    def places(self) -> dict[str, list[Span]]:
        """Where each phrase of up to seven words stands, from left to right."""
        places: dict[str, list[Span]] = {}
        for span in self.spans():
            places.setdefault(span.phrase, []).append(span)
        return places

    def spans(self) -> Iterator[Span]:
        """Yield all phrases of up to seven words, by their first word, then by length."""
        texts = [word.text for word in self.words]
        for start in range(len(texts)):
            for length in range(1, min(MAX_WORDS, len(texts) - start) + 1):
                yield Span(" ".join(texts[start : start + length]), start, length)


def find_matches(
    caption: Sentence, reference: Sentence, paraphrases: Paraphrases
) -> list[list[Match]]:
    """Give, for each word of the reference, the matches that begin there.

    Sentences of the same words match exactly and in no other way.
    """
    matches: list[list[Match]] = [[] for _ in reference.words]
    same = [word.text for word in caption.words] == [word.text for word in reference.words]
    by_word = ((EXACT, _equal), (STEM, _same_stem), (SYNONYM, _synonymous))
    for matcher, agree in by_word[:1] if same else by_word:
        for start, other in enumerate(reference.words):
            matches[start] += [
                Match(start, 1, caption_start, 1, matcher)
                for caption_start, word in enumerate(caption.words)
                if agree(word, other)
            ]
    if same:
        return matches
    # Entries found by the phrase in the reference come before those found by that in the caption.
    for there, here in _paraphrase_spans(reference, caption, paraphrases):
        matches[there.start].append(Match(*there[1:], *here[1:], PARAPHRASE))
    for here, there in _paraphrase_spans(caption, reference, paraphrases):
        matches[there.start].append(Match(*there[1:], *here[1:], PARAPHRASE))
    return matches


def _equal(word: Word, other: Word) -> bool:
    return word.text == other.text


def _same_stem(word: Word, other: Word) -> bool:
    return word.stem == other.stem and word.text != other.text


def _synonymous(word: Word, other: Word) -> bool:
    return not word.synsets.isdisjoint(other.synsets) and word.text != other.text


def _paraphrase_spans(
    sentence: Sentence, other: Sentence, paraphrases: Paraphrases
) -> Iterator[tuple[Span, Span]]:
    """Yield phrases of a sentence with their paraphrases in the other, in the table's order."""
    for span in sentence.spans():
        rows = paraphrases.get(span.phrase)
        if rows:
            for phrase in sorted(rows.keys() & other.places.keys(), key=rows.__getitem__):
                for place in other.places[phrase]:
                    yield span, place
