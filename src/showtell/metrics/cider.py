"""CIDEr and CIDEr-D: n-grams weighted by how much they tell, compared by cosine.

Vedantam, Zitnick and Parikh 2015: tf-idf weights, cosine with each reference, averaged over
n = 1..4 and over the references, times 10.

Where the field's definition is odd. What COCO-caption calls CIDEr is the paper's CIDEr-D (a
caption's weight is clipped to the reference's, and a Gaussian of sigma 6 punishes a difference in
length), and words are not stemmed as in the paper. Document frequencies come from the references
that are being scored, so the value depends on which images are scored together, and a single
image always scores 0; give a corpus of your own to take them from there, as self-critical
training does. An n-gram that no document holds weighs as much as one that a single one holds.
"""

import math
from collections.abc import Sequence

import numpy as np

from showtell.errors import DataError
from showtell.metrics.ngrams import (
    MAX_ORDER,
    Captions,
    Floats,
    Ints,
    NgramCounts,
    NgramIndex,
    References,
)
from showtell.metrics.reference_ngrams import Pairs, ReferenceNgrams
from showtell.metrics.result import MetricResult, mean_of
from showtell.metrics.signature import fingerprint

SIGMA = 6.0


def cider(
    captions: Captions, references: References, *, corpus: References | None = None
) -> MetricResult:
    """Score tokenised captions as COCO-caption's `Cider` does: 0 to 10.

    One person's caption against the others' gets about 0.8 on Flickr8k.

    Args:
        corpus: captions of other images, to take document frequencies from.

    Raises:
        DataError: captions and images differ in number, an image has no reference, or the corpus
            has fewer than two images.
    """
    return _result("CIDEr", captions, references, corpus)


def cider_d(
    captions: Captions, references: References, *, corpus: References | None = None
) -> MetricResult:
    """Score likewise, under the name that the paper gives to this formula."""
    return _result("CIDEr-D", captions, references, corpus)


def _result(
    name: str, captions: Captions, references: References, corpus: References | None
) -> MetricResult:
    values = CiderD(references, corpus=corpus).score(captions)
    if corpus is None:
        return mean_of(name, values, {"df": "references"})
    return mean_of(name, values, {"df": f"corpus-{len(corpus)}-{fingerprint(corpus)}"})


def people_among_themselves(
    references: References, *, corpus: References | None = None
) -> list[Floats]:
    """Score each reference, CIDEr-D, against the others of its image; 0 where it is alone.

    Args:
        corpus: where document frequencies come from; the references if None.

    Returns:
        For each image the scores of its references, in their order.

    Raises:
        DataError: the corpus has fewer than two images.
    """
    pairs = [(i, k) for i, refs in enumerate(references) for k in range(len(refs)) if len(refs) > 1]
    scores = [np.zeros(len(refs)) for refs in references]
    if not pairs:
        return scores
    rest = [[c for j, c in enumerate(references[i]) if j != k] for i, k in pairs]
    scorer = CiderD(rest, corpus=references if corpus is None else corpus)
    for (i, k), score in zip(
        pairs, scorer.score([references[i][k] for i, k in pairs]), strict=True
    ):
        scores[i][k] = score
    return scores


class CiderD:
    """CIDEr-D against references that are prepared once: the reward of self-critical training.

    The arithmetic is COCO-caption's `Cider`; Rennie et al. 2017 (arXiv:1612.00563) made it a
    reward. Shapes: N images, C captions, P pairs of a caption and one reference of its image.
    """

    def __init__(self, references: References, *, corpus: References | None = None) -> None:
        """Weigh the references of N images.

        Args:
            corpus: where document frequencies come from; the references themselves if None.

        Raises:
            DataError: an image has no reference, or the corpus has fewer than two images.
        """
        if corpus is None:
            self._references = documents = ReferenceNgrams(references)
        elif len(corpus) < 2:  # log 1 = 0: nothing would weigh anything
            raise DataError(f"document frequencies need two images or more, got {len(corpus)}")
        else:
            everything = [sentence for refs in (*references, *corpus) for sentence in refs]
            self._references = ReferenceNgrams(references, NgramIndex(everything))
            documents = ReferenceNgrams(corpus, self._references.index)
        # An n-gram that no document holds, last in the array, counts as if one did.
        frequencies = np.append(np.maximum(1, documents.document_frequencies()), 1)
        self._idf = math.log(len(documents)) - np.log(frequencies)  # (size + 1,)
        counts = self._references.counts
        self._weights = self._weigh(counts)
        self._norms = np.sqrt(counts.sum_by_order(self._weights**2))  # (S, 4)
        self._bigrams = _count_bigrams(counts)

    def score(self, captions: Captions, images: Sequence[int] | None = None) -> Floats:
        """Score captions, several of one image if need be: (C,), 0 to 10.

        Args:
            images: (C,) the image that each caption describes; caption n describes image n if None.

        Raises:
            DataError: captions and images differ in number, or there is no such image.
        """
        described = self._references.images_of(captions, images)
        counts = self._references.index.count(captions)
        weights = self._weigh(counts)
        pairs = self._references.pair_with(described)
        norms = np.sqrt(counts.sum_by_order(weights**2))[pairs.caption]
        norms *= self._norms[pairs.sentence]
        products = self._products(counts, weights, described, pairs)
        cosines = np.divide(products, norms, out=products, where=norms != 0)  # (P, 4)
        gaps = _count_bigrams(counts)[pairs.caption] - self._bigrams[pairs.sentence]
        similarities = cosines.mean(axis=1) * np.exp(-(gaps**2) / (2 * SIGMA**2))
        return 10 * np.add.reduceat(similarities, pairs.first) / pairs.sizes

    def _products(
        self, counts: NgramCounts, weights: Floats, described: Ints, pairs: Pairs
    ) -> Floats:
        """Scalar product of a caption, clipped, with each of its references: (P, 4)."""
        ours, other = self._references.shared_entries(counts, described)
        theirs = self._weights[other]
        pair = pairs.of(counts.sentence[ours], self._references.counts.sentence[other])
        products = np.zeros((len(pairs.caption), MAX_ORDER))
        np.add.at(products, (pair, counts.order[ours]), np.minimum(weights[ours], theirs) * theirs)
        return products

    def _weigh(self, counts: NgramCounts) -> Floats:
        """Tf-idf of each entry: (M,)."""
        return counts.count * self._idf[np.minimum(counts.ngram, len(self._idf) - 1)]


def _count_bigrams(counts: NgramCounts) -> Ints:
    return np.maximum(counts.lengths - 1, 0)
