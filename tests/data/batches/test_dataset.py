"""Captions and features as batches."""

from pathlib import Path

import numpy as np
import pytest
import torch

from showtell.data.batches.dataset import Batch, CaptionDataset
from showtell.data.batches.photos import CachedFeatures
from showtell.data.records import ImageFile, Record
from showtell.text import tokenize
from showtell.vocabulary import END_ID, PAD_ID, START_ID, Vocabulary

CAPTIONS = {
    "a.jpg": ("one dog", "one big dog runs"),
    "b.jpg": ("two cats", "cats"),
    "c.jpg": ("one cat", "two dogs"),
    "d.jpg": ("dogs", "one"),
    "e.jpg": ("a cat", "runs"),
}


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.build(
        (tokenize(c) for captions in CAPTIONS.values() for c in captions), min_count=1
    )


@pytest.fixture
def dataset(vocabulary: Vocabulary) -> CaptionDataset:
    records = [Record(i, ImageFile(Path(i)), c, "train") for i, c in CAPTIONS.items()]
    cache = np.arange(7, dtype=np.float16)[:, None, None] * np.ones((1, 1, 3), np.float16)
    return CaptionDataset(records, vocabulary, CachedFeatures(cache, np.array([6, 5, 4, 3, 2])))


def sentences(batches: list[Batch], vocabulary: Vocabulary) -> list[tuple[float, str]]:
    """The first feature of its image and the words, for each caption."""
    return [
        (float(batch.photos[image, 0, 0]), " ".join(vocabulary.decode(target.tolist())))
        for batch in batches
        for image, target in zip(batch.image_index, batch.targets, strict=True)
    ]


def test_an_epoch_has_every_caption_once_beside_its_own_image(
    dataset: CaptionDataset, vocabulary: Vocabulary
) -> None:
    found = sentences(list(dataset.batches(4, seed=0, epoch=1)), vocabulary)
    expected = [(6.0 - n, c) for n, cs in enumerate(CAPTIONS.values()) for c in cs]
    assert sorted(found) == sorted(expected)


def test_batches_hold_images_with_all_their_captions(dataset: CaptionDataset) -> None:
    batches = list(dataset.batches(4, seed=0, epoch=1))
    assert [len(batch.photos) for batch in batches] == [2, 2, 1]
    assert [batch.image_index.tolist() for batch in batches] == [[0, 0, 1, 1]] * 2 + [[0, 0]]
    assert dataset.num_batches(4) == 3


def test_inputs_are_targets_one_word_later(dataset: CaptionDataset) -> None:
    for batch in dataset.batches(4, seed=0, epoch=1):
        assert (batch.inputs[:, 0] == START_ID).all()
        for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
            words = targets[: targets.index(END_ID)]
            assert inputs[: len(words) + 1] == [START_ID, *words]
            assert set(inputs[len(words) + 1 :]) <= {PAD_ID}
            assert set(targets[len(words) + 1 :]) <= {PAD_ID}


def test_the_same_seed_and_epoch_give_the_same_order_and_others_do_not(
    dataset: CaptionDataset, vocabulary: Vocabulary
) -> None:
    def order(seed: int, epoch: int) -> list[tuple[float, str]]:
        return sentences(list(dataset.batches(2, seed=seed, epoch=epoch)), vocabulary)

    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2)
    assert order(1, 1) != order(2, 1)


def test_a_resumed_epoch_goes_on_with_the_batches_not_yet_seen(dataset: CaptionDataset) -> None:
    all_of_it = list(dataset.batches(2, seed=3, epoch=2))
    rest = list(dataset.batches(2, seed=3, epoch=2, first=2))
    assert len(rest) == len(all_of_it) - 2
    for found, expected in zip(rest, all_of_it[2:], strict=True):
        assert torch.equal(found.targets, expected.targets)


def test_features_come_as_float32_by_position(dataset: CaptionDataset) -> None:
    features = dataset.photos([0, 4], 0)
    assert features.dtype == torch.float32
    assert features.shape == (2, 1, 3)
    assert features[:, 0, 0].tolist() == [6.0, 2.0]
