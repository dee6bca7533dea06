"""The table of ImageNet's classes in everyday words."""

import re

import numpy as np
import pytest

from showtell.concepts import ImageNetClass, load_imagenet_classes, load_imagenet_words
from showtell.text import tokenize

CLASSES = load_imagenet_classes()


def test_every_class_has_a_row_of_its_own() -> None:
    assert len(CLASSES) == 1000
    assert len({c.wordnet_id for c in CLASSES}) == 1000
    assert all(re.fullmatch(r"n\d{8}", c.wordnet_id) for c in CLASSES)


def test_classes_come_in_the_order_of_their_wordnet_ids() -> None:
    ids = [c.wordnet_id for c in CLASSES]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("index", "wordnet_id", "name"),
    [
        (0, "n01440764", "tench"),
        (340, "n02391049", "zebra"),
        (963, "n07873807", "pizza"),
        (999, "n15075141", "toilet tissue"),
    ],
)
def test_a_class_stands_where_networks_have_it(index: int, wordnet_id: str, name: str) -> None:
    assert CLASSES[index].wordnet_id == wordnet_id
    assert CLASSES[index].name.split(", ")[0] == name


@pytest.mark.parametrize("c", CLASSES, ids=lambda c: c.wordnet_id)
def test_every_word_is_one_token_and_said_once(c: ImageNetClass) -> None:
    said = [*c.words, *c.general]
    assert all(tokenize(word) == [word] for word in said)
    assert len(said) == len(set(said))


def test_all_breeds_are_dogs_and_dogs_are_animals() -> None:
    for c in CLASSES[151:269]:
        assert (c.words, c.general) == (("dog",), ("animal",))


def test_a_zebra_is_an_animal_and_no_horse() -> None:
    words, matrix = load_imagenet_words()
    zebra = matrix[340]  # (W,)
    assert [words[i] for i in np.flatnonzero(zebra)] == ["animal", "zebra"]


def test_words_are_sorted_and_each_is_given_by_a_class() -> None:
    words, matrix = load_imagenet_words()
    assert list(words) == sorted(set(words))
    assert matrix.shape == (1000, len(words))
    assert matrix.dtype == np.float32
    assert set(np.unique(matrix)) == {0, 1}
    assert matrix.any(axis=0).all()


def test_classes_of_the_same_word_add_up() -> None:
    words, matrix = load_imagenet_words()
    probabilities = np.zeros((1, 1000), dtype=np.float32)
    probabilities[0, [409, 530, 892]] = 0.2, 0.3, 0.1  # analog, digital and wall clock
    assert (probabilities @ matrix)[0, words.index("clock")] == pytest.approx(0.6)
