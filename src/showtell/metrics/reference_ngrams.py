"""The references of many images, laid out so that captions of any of them are compared at once.

Shapes: N images, S references in all, M entries of their n-gram counts, C captions, P pairs of a
caption and a reference of its image, G groups (the different n-grams of each image).
"""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from itertools import chain

import numpy as np

from showtell.errors import DataError
from showtell.metrics.ngrams import (
    NO_KEY,
    Captions,
    Ints,
    NgramCounts,
    NgramIndex,
    References,
    join,
    split,
)


@dataclass(frozen=True)
class Pairs:
    """Each caption with each reference of its image, caption after caption."""

    caption: Ints  # (P,)
    sentence: Ints  # (P,) the reference, among those of all images
    first: Ints  # (C,) pair of each caption
    sizes: Ints  # (C,) references of its image

    def of(self, caption: Ints, sentence: Ints) -> Ints:
        """Find the pair of a caption and a reference of the same image, elementwise."""
        first = self.first[caption]
        return first + sentence - self.sentence[first]


class ReferenceNgrams:
    """References with their n-grams counted, to be looked up by (image, n-gram)."""

    def __init__(self, references: References, index: NgramIndex | None = None) -> None:
        """Count n-grams once, for any number of captions to be compared with.

        Args:
            index: one that knows more sentences than these; by default one of just these.

        Raises:
            DataError: there is no image, or one without a reference.
        """
        check_references(references)
        self._num_references = np.fromiter(map(len, references), np.int64, len(references))  # (N,)
        flat = list(chain.from_iterable(references))
        self.index = index or NgramIndex(flat)
        self.counts = index.count(flat) if index else self.index.counts
        images = np.repeat(np.arange(len(references)), self._num_references)
        keys = join(images[self.counts.sentence], self.counts.ngram)
        self._entries = np.argsort(keys, kind="stable")  # (M,) of `counts`, group after group
        groups, self._starts, self._sizes = np.unique(
            keys[self._entries], return_index=True, return_counts=True
        )
        self._groups = np.append(groups, NO_KEY)

    def __len__(self) -> int:
        return len(self._num_references)

    def images_of(self, captions: Captions, images: Sequence[int] | None = None) -> Ints:
        """Give the image of each caption, (C,): by default caption n describes image n.

        Raises:
            DataError: there are more or fewer captions than images, or there is no such image.
        """
        described = np.arange(len(self)) if images is None else np.asarray(images, np.int64)
        check_lengths(captions, described)
        if described.size and (described.min() < 0 or described.max() >= len(self)):
            raise DataError(f"images are numbered from 0 to {len(self) - 1}, got {described}")
        return described

    def pair_with(self, images: Ints) -> Pairs:
        """Pair captions that describe these images (C,) with all the references of each."""
        sizes = self._num_references[images]
        first = np.cumsum(sizes) - sizes
        first_sentence = (np.cumsum(self._num_references) - self._num_references)[images]
        caption = np.repeat(np.arange(len(images)), sizes)
        sentence = np.arange(len(caption)) + (first_sentence - first)[caption]
        return Pairs(caption, sentence, first, sizes)

    def shared_entries(self, counts: NgramCounts, images: Ints) -> tuple[Ints, Ints]:
        """Match captions' n-grams with those of the references of the same image.

        Args:
            images: (C,) the image that each caption describes.

        Returns:
            Entries of `counts`, and of the references' counts, that hold the same n-gram.
        """
        ours, groups = self.shared_groups(counts, images)
        sizes = self._sizes[groups]
        skipped = self._starts[groups] - (np.cumsum(sizes) - sizes)
        places = np.arange(sizes.sum()) + np.repeat(skipped, sizes)
        return np.repeat(ours, sizes), self._entries[places]

    def shared_groups(self, counts: NgramCounts, images: Ints) -> tuple[Ints, Ints]:
        """Match likewise, but give the entries of `counts` and the groups they match."""
        keys = join(images[counts.sentence], counts.ngram)
        groups = np.searchsorted(self._groups, keys)
        ours = np.flatnonzero(self._groups[groups] == keys)
        return ours, groups[ours]

    def most_in_one_reference(self) -> Ints:
        """Give for each group the most that one reference holds of its n-gram: (G,)."""
        if not len(self._starts):
            return self._starts
        return np.maximum.reduceat(self.counts.count[self._entries], self._starts)

    def document_frequencies(self) -> Ints:
        """Count for each n-gram the images of which at least one reference holds it: (size,)."""
        _, ngrams = split(self._groups[:-1])
        return np.bincount(ngrams, minlength=self.index.size)


def check_references(references: References) -> None:
    """Refuse no images, and an image without a reference.

    Raises:
        DataError: so it is.
    """
    if not references or not all(references):
        raise DataError("every image needs at least one reference, and there must be an image")


def check_lengths(captions: Captions, images: Sized) -> None:
    """Refuse more or fewer captions than images.

    Raises:
        DataError: so it is.
    """
    if len(captions) != len(images):
        raise DataError(f"{len(captions)} captions for {len(images)} images")
