"""ImageNet's 1,000 classes in everyday words; docs/concepts.md says how the table was made."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TABLE = Path(__file__).with_name("imagenet_words.tsv")


@dataclass(frozen=True, kw_only=True)
class ImageNetClass:
    """A class, and what captions call it. Each word is one token, the most fitting first."""

    wordnet_id: str  # of WordNet 3.0: "n" and eight digits
    name: str  # its lemmas in WordNet
    words: tuple[str, ...]  # "zebra"; empty where captions have none
    general: tuple[str, ...]  # less specific ones, "animal", and rooms that it says: "kitchen"


def load_imagenet_classes() -> tuple[ImageNetClass, ...]:
    """Load the classes in the order of a network's outputs, which is that of the WordNet ids."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            ImageNetClass(
                wordnet_id=row["wordnet_id"],
                name=row["class_name"],
                words=tuple(row["words"].split()),
                general=tuple(row["general"].split()),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        )


def load_imagenet_words() -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Load all W words, sorted, everyday and general, and which class gives which (1000, W).

    The matrix holds 0 and 1, so that `probabilities @ matrix` is the probability of each word:
    (B, 1000) to (B, W). A class adds to each of its words, so a row sums to more than 1.
    """
    classes = load_imagenet_classes()
    words = tuple(sorted({word for c in classes for word in (*c.words, *c.general)}))
    column = {word: i for i, word in enumerate(words)}
    matrix = np.zeros((len(classes), len(words)), dtype=np.float32)  # (1000, W)
    for row, c in enumerate(classes):
        matrix[row, [column[word] for word in (*c.words, *c.general)]] = 1
    return words, matrix
