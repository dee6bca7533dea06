"""N-grams as integers, so that BLEU and CIDEr count and compare them by array, not one by one.

An n-gram's id follows from the id of its first words and its last word, so ids of every order
come out of one pass over the text and no tuple of words is ever made. Words may be any hashable
things: strings, or token ids in self-critical training.

Shapes: S sentences, W words, M entries (each different n-gram of each sentence).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray

MAX_ORDER = 4  # BLEU-1..4 and CIDEr both stop at four words

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Sentence = Sequence[Hashable]
Captions = Sequence[Sentence]  # one for each image
References = Sequence[Sequence[Sentence]]  # for each image one or more

_BITS = 32
NO_KEY = np.iinfo(np.int64).max  # above every key


def join(left: Ints, right: Ints) -> Ints:
    """Make one sortable key of two ids."""
    return left << _BITS | right


def split(keys: Ints) -> tuple[Ints, Ints]:
    """Take a key apart again."""
    return keys >> _BITS, keys & ((1 << _BITS) - 1)


@dataclass(frozen=True)
class NgramCounts:
    """Which n-grams some sentences hold, and how often; by order, sentence, n-gram."""

    sentence: Ints  # (M,)
    ngram: Ints  # (M,) ids; from `NgramIndex.size` on: of no n-gram in the index
    order: Ints  # (M,) 0 for single words … 3
    count: Ints  # (M,)
    lengths: Ints  # (S,) words

    def sum_by_order(self, values: Floats) -> Floats:
        """Add up a value for each entry, by sentence and order: (M,) -> (S, 4)."""
        cells = self.sentence * MAX_ORDER + self.order
        sums = np.bincount(cells, values, minlength=len(self.lengths) * MAX_ORDER)
        return sums.astype(np.float64, copy=False).reshape(-1, MAX_ORDER)


class NgramIndex:
    """Ids 0 … size - 1 for the n-grams of 1 to 4 words in some sentences."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._words: dict[Hashable, int] = defaultdict(count().__next__)  # a new one: the next id
        self._keys: list[Ints] = []  # by order: a sorted key for each n-gram
        self.size = 0
        self.counts = self._count(sentences, self._learn)  # of these sentences

    def count(self, sentences: Sequence[Sentence]) -> NgramCounts:
        """Count the n-grams of any sentences."""
        strangers = 0

        def find(order: int, keys: Ints) -> Ints:
            nonlocal strangers
            known = self._keys[order]
            at = np.searchsorted(known, keys)
            found = known[at] == keys
            ids = at + sum(len(k) - 1 for k in self._keys[:order])
            _, others = np.unique(keys[~found], return_inverse=True)
            ids[~found] = self.size + strangers + others
            strangers += len(others)
            return ids

        return self._count(sentences, find)

    def _learn(self, order: int, keys: Ints) -> Ints:
        known, ids = np.unique(keys, return_inverse=True)
        self._keys.append(np.append(known, NO_KEY))  # so that a search never ends outside
        first, self.size = self.size, self.size + len(known)
        return first + ids

    def _count(
        self, sentences: Sequence[Sentence], name: Callable[[int, Ints], Ints]
    ) -> NgramCounts:
        lengths = np.fromiter(map(len, sentences), np.int64, len(sentences))
        words = np.fromiter(map(self._words.__getitem__, chain.from_iterable(sentences)), np.int64)
        sentence = np.repeat(np.arange(len(lengths)), lengths)  # (W,) whose word it is
        ends = np.repeat(np.cumsum(lengths), lengths)  # (W,) where that sentence ends
        columns = []
        starts, ids = np.arange(len(words)), np.zeros(len(words), np.int64)
        for order in range(MAX_ORDER):
            fits = starts + order < ends[starts]
            starts, ids = starts[fits], ids[fits]
            ids = name(order, join(ids, words[starts + order]))
            keys, counts = np.unique(join(sentence[starts], ids), return_counts=True)
            columns.append((*split(keys), np.full(len(keys), order), counts))
        holders, ngrams, orders, counts = map(np.concatenate, zip(*columns, strict=True))
        return NgramCounts(holders, ngrams, orders, counts, lengths)
