"""METEOR 1.5 of captions against references."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from showtell.extras import require_extra
from showtell.metrics.meteor.alignment import align
from showtell.metrics.meteor.lexicon import Lexicon, Word, load_stemmer
from showtell.metrics.meteor.matching import Sentence, find_matches
from showtell.metrics.meteor.normalise import join_words, normalise
from showtell.metrics.meteor.paraphrases import Paraphrases, read_paraphrases
from showtell.metrics.meteor.resources import Resources, find_jar, load_resources
from showtell.metrics.meteor.statistics import SIZE, count, meteor_formula, uncount_whole
from showtell.progress import Progress, no_progress


class Meteor:
    """METEOR 1.5 for English, as COCO-caption runs it: `-l en -norm`, without Java.

    Every number equals the jar's on 30,000 real and 20,000 random pairs. What is known to differ:

    - the jar compares words by a 32-bit hash, so that a few unrelated ones are equal to it;
    - some 40 capitals that Unicode has since version 14 are lower-cased here, not by Java 17;
    - "|||" is left out of references as it is of captions; COCO-caption lets it cut them in two;
    - the jar's own escape "DOTMULTI", and halves of surrogate pairs, are words like others here.
    """

    def __init__(self, resources: Resources, stem: Callable[[str], str]) -> None:
        self._prefixes = resources.prefixes
        self._table = resources.paraphrases
        self._lexicon = Lexicon(stem, resources.wordnet, resources.function_words)
        self._phrases: set[bytes] = set()  # looked for in the table so far
        self._paraphrases: Paraphrases = {}  # and what was found

    @classmethod
    def load(cls) -> "Meteor":
        """Read METEOR's word lists out of the installed pycocoevalcap.

        Raises:
            MissingExtraError: pycocoevalcap or snowballstemmer is not installed, or the latter
                gives other stems than METEOR.
            DataError: a file of pycocoevalcap is missing or damaged.
        """
        require_extra("meteor", purpose="METEOR")
        return cls(load_resources(find_jar()), load_stemmer())

    def statistics(
        self,
        captions: Sequence[Sequence[str]],
        references: Sequence[Sequence[Sequence[str]]],
        *,
        progress: Progress = no_progress,
    ) -> NDArray[np.float64]:
        """Count what METEOR needs of every image; `meteor_formula` makes scores of it.

        Args:
            captions: for each image the words of its caption; they may be raw text, too.
            references: for each image one or more references in the same form.
            progress: counts every image twice: half the time goes to the table of paraphrases.

        Returns:
            (N, S): the statistics with the reference that gives the best score, the first of
            equals. Rows can be summed.

        Raises:
            DataError: the table of paraphrases is damaged.
        """
        total = 2 * len(captions)
        images = [
            [self._normalise(sentence) for sentence in (caption, *refs)]
            for caption, refs in zip(captions, references, strict=True)
        ]
        phrases = {
            span.phrase.encode(errors="replace")
            for image in images
            for words in image
            for span in Sentence(words).spans()
        }
        if not phrases <= self._phrases:
            phrases |= self._phrases  # later calls mostly ask for these again
            self._paraphrases = read_paraphrases(
                self._table,
                phrases,
                lambda share: progress(int(share * len(captions)), total),
            )
            self._phrases = phrases
        rows = np.empty((len(captions), SIZE))
        for row, image in enumerate(images):
            caption, *refs = map(Sentence, image)
            rows[row] = _best_statistics(caption, refs, self._paraphrases)
            progress(len(captions) + row + 1, total)
        return rows

    def _normalise(self, sentence: Sequence[str]) -> list[Word]:
        texts = normalise(join_words(sentence), self._prefixes)
        return [self._lexicon.look_up(text) for text in texts]


def _best_statistics(
    caption: Sentence, references: Sequence[Sentence], paraphrases: Paraphrases
) -> NDArray[np.float64]:
    counts = [
        count(
            caption.words,
            reference.words,
            *align(find_matches(caption, reference, paraphrases)),
        )
        for reference in references
    ]
    rows = uncount_whole(np.array(counts, dtype=np.float64))
    return rows[meteor_formula(rows).argmax()]
