"""Splits that the data do not give are drawn; the others are recognised."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.data.reading.splits import (
    canonical,
    draw_splits,
    draw_val,
    split_in_name,
    split_of_folders,
)

IDS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1), unique=True, max_size=60)
SEEDS = st.integers(0, 5)


def of(split: str, drawn: dict[str, str]) -> set[str]:
    return {image for image, name in drawn.items() if name == split}


@given(IDS, SEEDS)
def test_every_image_is_in_one_split_and_the_sizes_are_tenths(ids: list[str], seed: int) -> None:
    drawn = draw_splits(ids, seed)
    assert drawn.keys() == set(ids)
    assert set(drawn.values()) <= {"train", "val", "test"}
    n = len(ids)
    tenth = int(n / 10 + 0.5)
    assert len(of("test", drawn)) == tenth
    assert len(of("val", drawn)) == (max(1, tenth) if n > 1 else 0)
    assert of("train", drawn) or not ids


@given(IDS, SEEDS, st.randoms())
def test_the_order_of_files_changes_nothing(ids: list[str], seed: int, chance: Random) -> None:
    shuffled = list(ids)
    chance.shuffle(shuffled)
    assert draw_splits(shuffled, seed) == draw_splits(ids, seed)


@given(st.integers(20, 200), st.integers(1, 20), SEEDS)
def test_images_that_are_added_move_few_of_the_others(count: int, added: int, seed: int) -> None:
    ids = [f"photo {n}.jpg" for n in range(count + added)]
    before, after = draw_splits(ids[:count], seed), draw_splits(ids, seed)
    moved = [i for i in ids[:count] if before[i] != after[i]]
    assert len(moved) <= 2 * added  # at most one over each of the two borders for each image added
    assert not [i for i in moved if {before[i], after[i]} == {"val", "test"}]


def test_a_draw_is_the_same_on_every_machine_and_for_ever() -> None:
    drawn = draw_splits([f"{n}.jpg" for n in range(20)], 0)
    assert (of("val", drawn), of("test", drawn)) == ({"18.jpg", "2.jpg"}, {"11.jpg", "12.jpg"})


def test_another_seed_draws_otherwise() -> None:
    ids = [str(n) for n in range(100)]
    assert draw_splits(ids, 0) != draw_splits(ids, 1)


@given(IDS, SEEDS)
def test_val_alone_is_drawn_as_with_the_others(ids: list[str], seed: int) -> None:
    assert draw_val(ids, seed) == of("val", draw_splits(ids, seed))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("captions_train2017.json", "train"),
        ("annotations/captions_val2014.json", "val"),
        ("dev.csv", "val"),
        ("my-validation-set.jsonl", "val"),
        ("TEST.json", "test"),
        ("captions.json", None),
        ("trainers.json", None),
        ("train_and_val.json", None),
        ("train/captions.json", None),
    ],
)
def test_a_files_name_may_tell_its_split(name: str, split: str | None) -> None:
    assert split_in_name(name) == split


def test_a_folders_name_may_tell_its_split() -> None:
    assert split_of_folders("images/Validation/a.jpg") == "val"
    assert split_of_folders("images/train.jpg") is None


def test_splits_go_by_other_names_and_unknown_ones_stay() -> None:
    assert [canonical(n) for n in ("restval", "valid", " Dev ", "test", "holdout")] == [
        "train",
        "val",
        "val",
        "test",
        "holdout",
    ]
