"""Which pictures cannot be read, and which are there twice."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from showtell.data.checking.pictures import MAX_PAIRS, Alike, check_pictures, near_duplicates
from showtell.data.records import ImageFile, Record


def draw_noise(path: Path, seed: int) -> Path:
    """Draw a picture that is like no other: soft blots of colour."""
    blots = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((320, 240), Image.Resampling.BICUBIC).save(path, quality=95)
    return path


def record(path: Path, split: str = "train") -> Record:
    return Record(path.name, ImageFile(path), ("A dog .",), split)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return [draw_noise(tmp_path / f"{seed}.jpg", seed) for seed in range(5)]


def test_different_pictures_are_all_read_and_none_is_alike(photos: list[Path]) -> None:
    calls: list[tuple[int, int]] = []
    found = check_pictures([record(p) for p in photos], progress=lambda *done: calls.append(done))
    assert (found.checked, found.unreadable, found.identical, found.near) == (5, {}, (), ())
    assert calls == [(n, 5) for n in range(1, 6)]


def test_pictures_that_cannot_be_read_are_named_with_the_reason(photos: list[Path]) -> None:
    photos[0].write_bytes(photos[0].read_bytes()[:1000])
    photos[1].write_bytes(b"")
    photos[2].write_text("words")
    photos[3].unlink()
    unreadable = check_pictures([record(path) for path in photos]).unreadable
    assert list(unreadable) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    reasons = ("may be truncated", "0 bytes", "not a picture", "No such file")
    for path, reason in zip(photos, reasons, strict=False):
        assert reason in unreadable[path.name]
        assert str(path) in unreadable[path.name]


def test_the_same_file_in_train_and_val_leaks(photos: list[Path], tmp_path: Path) -> None:
    copies = [Path(shutil.copy(photos[n], tmp_path / f"copy{n}.jpg")) for n in (0, 1)]
    records = [*(record(p) for p in photos), record(copies[0]), record(copies[1], "val")]
    found = check_pictures(records)
    assert found.identical == (
        Alike(("0.jpg", "copy0.jpg"), ("train", "train")),
        Alike(("1.jpg", "copy1.jpg"), ("train", "val")),
    )
    assert [group.leaks for group in found.identical] == [False, True]
    assert found.near == ()


@pytest.mark.parametrize("change", ["smaller", "compressed", "PNG", "brighter", "framed"])
def test_a_copy_that_was_changed_a_little_is_nearly_the_same(
    change: str, photos: list[Path], tmp_path: Path
) -> None:
    picture, copy = Image.open(photos[2]), tmp_path / "copy.jpg"
    if change == "smaller":
        picture.resize((150, 112)).save(copy)
    elif change == "compressed":
        picture.save(copy, quality=30)
    elif change == "PNG":
        picture.save(copy := copy.with_suffix(".png"))
    elif change == "brighter":
        ImageEnhance.Brightness(picture).enhance(1.05).save(copy)
    else:
        picture.crop((2, 2, 318, 238)).save(copy)
    found = check_pictures([*(record(p) for p in photos), record(copy, "val")])
    assert found.near == (Alike(("2.jpg", copy.name), ("train", "val")),)
    assert found.near[0].leaks


def test_flat_pictures_of_different_greys_are_not_alike() -> None:
    greys = np.stack([np.full((8, 9), value, np.uint8) for value in (0, 20, 40, 255)])
    assert near_duplicates(greys) == []


def test_the_search_finds_what_comparing_each_pair_finds() -> None:
    chance = np.random.default_rng(0)
    greys = chance.integers(60, 190, (60, 8, 9), dtype=np.uint8)
    greys[30:] = greys[:30] + chance.integers(0, 25, (30, 1, 1), dtype=np.uint8)
    greys[30:40, 0, ::2] += 9
    bits = (greys[:, :, 1:] > greys[:, :, :-1]).reshape(60, 64)
    expected = [
        (a, b)
        for a in range(60)
        for b in range(a + 1, 60)
        if (bits[a] != bits[b]).sum() <= 6
        and np.abs(greys[a].astype(float) - greys[b].astype(float)).mean() <= 12
    ]
    assert 5 < len(expected) < 30
    assert near_duplicates(greys) == expected


def test_pictures_that_are_all_alike_are_not_listed_without_end() -> None:
    assert len(near_duplicates(np.zeros((300, 8, 9), np.uint8))) == MAX_PAIRS


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one_have_no_pair(count: int) -> None:
    assert near_duplicates(np.zeros((count, 8, 9), np.uint8)) == []
