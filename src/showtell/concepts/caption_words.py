"""Which words of captions a model can learn to see, and how far each belongs to a photo.

A photo is told of by several people; the share of them who say a word is how sure it is that the
photo shows it.

Shapes: N photos, W words.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from showtell.errors import DataError

# Words that hold a sentence together. No photo shows them, or every photo does.
FUNCTION_WORDS = frozenset(
    """
    a an the of in on at to with and or by for from is are was were be being been it its this that
    these those there their his her he she they them him who which while as into onto off over up
    down out n't not no some other another each both all has have having had do does hers
    himself herself itself themselves very so than then what where when through around behind under
    near next beside between along across against above below after before about towards toward like
    """.split()  # noqa: SIM905 (a list of a hundred strings is no easier to read)
)


def find_caption_words(captions: Iterable[Sequence[str]], *, min_count: int) -> tuple[str, ...]:
    """Take the content words said at least `min_count` times, commonest first, ties by spelling.

    Clitics such as `'s` are no words of their own.

    Args:
        captions: each as the tokens of `showtell.text.tokenize`.

    Raises:
        DataError: no word is said that often.
    """
    counts = Counter(word for tokens in captions for word in tokens)
    kept = [
        word
        for word, count in counts.items()
        if count >= min_count and word not in FUNCTION_WORDS and not word.startswith("'")
    ]
    if not kept:
        raise DataError(
            f"no content word is said {min_count} times in train; lower recognition.min_count"
        )
    return tuple(sorted(kept, key=lambda word: (-counts[word], word)))


def word_shares(
    photos: Sequence[Sequence[Sequence[str]]], words: Sequence[str]
) -> NDArray[np.float32]:
    """Give the share of each photo's captions that say each word: (N, W), 0 to 1.

    Args:
        photos: the captions of each photo, as tokens.
    """
    column = {word: i for i, word in enumerate(words)}
    shares = np.zeros((len(photos), len(words)), dtype=np.float32)
    for row, captions in enumerate(photos):
        for tokens in captions:
            said = [column[word] for word in set(tokens) if word in column]
            shares[row, said] += 1 / len(captions)
    return shares
