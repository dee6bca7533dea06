"""A dataset in numbers."""

from pathlib import Path

import pytest

from showtell.data.checking.describe import describe_dataset
from showtell.data.sources import load_dataset

IMAGES = "Flicker8k_Dataset"


def test_a_complete_dataset_is_counted_by_split(tiny_flickr8k: Path) -> None:
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=5)
    assert found["root"] == str(tiny_flickr8k)
    assert {name: split["images"] for name, split in found["splits"].items()} == {
        "train": 12,
        "val": 4,
        "test": 2,
    }
    assert {name: split["captions"] for name, split in found["splits"].items()} == {
        "train": 60,
        "val": 20,
        "test": 10,
    }
    assert found["odd_ids"] == []
    assert found["unlisted_images"] == 0


def test_the_vocabulary_counts_the_words_of_train_and_four_special_tokens(
    tiny_flickr8k: Path,
) -> None:
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=5)
    # 4 colours, 3 shapes, and: a on white background the is there one that picture of
    assert found["vocabulary"] == 4 + 4 + 3 + 11
    assert found["min_count"] == 5
    # The five sentences have 7, 4, 5, 5 and 6 words.
    assert found["length"] == {"median": 5, "p99": 7}


def test_coverage_is_the_share_of_running_words_that_train_knows_often_enough(
    tiny_flickr8k: Path,
) -> None:
    # Each colour stands in 15 captions of train, each shape in 20. With 16 the colours drop out,
    # and the seven words that one of the five sentences alone has: 12 times each.
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=16)
    known_words = {"circle", "square", "triangle", "a", "is"}
    assert found["vocabulary"] == 4 + len(known_words)
    # Of 27 words in an image's five captions: 5 shapes, 5 times "a", 3 times "is".
    for split in found["splits"].values():
        assert split["coverage"] == pytest.approx(13 / 27)


def test_gaps_are_listed_by_split(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / IMAGES / "0013_red_circle.jpg").unlink()
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=5)
    assert found["splits"]["val"]["missing_images"] == ["0013_red_circle.jpg"]
    assert found["splits"]["val"]["images"] == 3
    assert found["splits"]["train"]["missing_images"] == []


def test_without_train_there_is_no_vocabulary_to_count(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / "Flickr8k_text" / "Flickr_8k.trainImages.txt").unlink()
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=5)
    assert found["vocabulary"] == 0
    assert found["length"] == {"median": 0, "p99": 0}
    assert found["splits"]["val"]["coverage"] is None


def test_a_split_without_images_covers_nothing(tiny_flickr8k: Path) -> None:
    for path in (tiny_flickr8k / IMAGES).glob("001[3-6]_*"):
        path.unlink()
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=5)
    assert found["splits"]["val"] == {
        "images": 0,
        "captions": 0,
        "missing_images": [
            "0013_red_circle.jpg",
            "0014_green_square.jpg",
            "0015_blue_triangle.jpg",
            "0016_black_circle.jpg",
        ],
        "missing_captions": [],
        "coverage": None,
    }


def test_a_count_that_no_word_reaches_leaves_no_vocabulary(tiny_flickr8k: Path) -> None:
    found = describe_dataset(load_dataset(tiny_flickr8k), min_count=1000)
    assert found["vocabulary"] == 0
    assert found["splits"]["train"]["coverage"] is None
