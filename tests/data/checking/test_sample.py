"""A few pictures with their captions, for people to look at."""

from pathlib import Path

import pytest
from drawing import draw_folder

from showtell.data.checking.sample import sample
from showtell.data.sources import load_dataset
from showtell.errors import DataError


def test_pictures_come_from_each_split_in_turn_with_their_first_captions(tmp_path: Path) -> None:
    dataset = load_dataset(draw_folder(tmp_path))
    found = [text.split("\n") for _, text in sample(dataset, 7, side=64)]
    assert [lines[0].split(": ")[0] for lines in found] == [
        *("train", "val", "test"),
        *("train", "val", "test"),
        "train",  # the others have two pictures
    ]
    captions = {r.image_id: r.captions for s in dataset.splits.values() for r in s.records}
    for first, one, two, more in found:
        texts = captions[first.split(": ")[1]]
        assert (one, two, more) == (f"1. {texts[0]}", f"2. {texts[1]}", "and 1 more")


def test_the_seed_chooses(tmp_path: Path) -> None:
    dataset = load_dataset(draw_folder(tmp_path))
    chosen = [[text for _, text in sample(dataset, 4, side=64, seed=seed)] for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_pictures_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    dataset = load_dataset(draw_folder(tmp_path))
    for record in dataset.splits["val"].records:
        record.image.path.write_bytes(b"damaged")
    found = [text for _, text in sample(dataset, 30, side=64)]
    assert len(found) == 22
    assert not [text for text in found if text.startswith("val")]


def test_where_none_can_be_read_there_is_nothing_to_show(tmp_path: Path) -> None:
    dataset = load_dataset(draw_folder(tmp_path))
    for path in tmp_path.rglob("*.png"):
        path.unlink()
    with pytest.raises(DataError, match="no picture to show"):
        sample(dataset, 4, side=64)
