"""Photos with their sentences beneath."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from showtell.errors import ImageError
from showtell.figure import CELL, LINE_HEIGHT, MARGIN, draw_sheet, load_font, save_sheet, wrap

SHORT = "A dog."
LONG = "A brown dog runs over the green grass with a red ball that someone threw in its mouth."
FONT = ImageFont.load_default(20)


def colour_at(sheet: Image.Image, column: int, row_top: int) -> object:
    """The colour in the middle of a photo's cell."""
    x = MARGIN + column * (CELL + MARGIN) + CELL // 2
    return sheet.getpixel((x, row_top + CELL // 2))


@pytest.mark.parametrize(
    ("photos", "columns", "rows"),
    [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (9, 3, 3), (17, 4, 5), (50, 4, 13)],
)
def test_the_sheet_is_about_square_and_at_most_four_photos_wide(
    photos: int, columns: int, rows: int
) -> None:
    sheet = draw_sheet([(Image.new("RGB", (8, 8), "red"), SHORT)] * photos)
    assert sheet.width == columns * (CELL + MARGIN) + MARGIN
    assert sheet.height == rows * (CELL + LINE_HEIGHT + 2 * MARGIN) + MARGIN


def test_photos_stand_in_the_order_given_row_by_row() -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (90, 90, 0), (0, 90, 90)]
    sheet = draw_sheet([(Image.new("RGB", (9, 9), colour), SHORT) for colour in colours])
    second_row = MARGIN + CELL + LINE_HEIGHT + 2 * MARGIN
    found = [colour_at(sheet, column, MARGIN) for column in range(3)]
    found += [colour_at(sheet, column, second_row) for column in range(3)]
    assert found == [*colours, (255, 255, 255)]


@pytest.mark.parametrize("size", [(2000, 500), (500, 2000), (3, 3), (3000, 100)])
def test_a_photo_keeps_its_proportions_inside_its_cell(size: tuple[int, int]) -> None:
    sheet = np.asarray(draw_sheet([(Image.new("RGB", size, "red"), "")]))
    red = np.argwhere((sheet == (255, 0, 0)).all(axis=-1))
    (top, left), (bottom, right) = red.min(axis=0), red.max(axis=0)
    height, width = bottom - top + 1, right - left + 1
    assert max(height, width) == CELL
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)
    assert left + right == pytest.approx(2 * MARGIN + CELL - 1, abs=1)  # in the middle
    assert bottom == MARGIN + CELL - 1  # just above its sentence


def test_a_row_is_as_high_as_its_longest_sentence() -> None:
    photo = Image.new("RGB", (8, 8))
    lines = wrap(LONG, FONT, CELL)
    assert len(lines) > 2
    sheet = draw_sheet([(photo, SHORT), (photo, LONG)])
    assert sheet.height == CELL + len(lines) * LINE_HEIGHT + 3 * MARGIN


def test_the_sentence_is_drawn_beneath_its_own_photo() -> None:
    photo = Image.new("RGB", (8, 8), "white")
    sheet = np.asarray(draw_sheet([(photo, SHORT), (photo, "")]))
    ink = np.argwhere(sheet.min(axis=-1) < 128)
    assert len(ink) > 20
    assert ink[:, 0].min() >= MARGIN + CELL
    assert ink[:, 1].min() >= MARGIN
    assert ink[:, 1].max() < MARGIN + CELL


def test_wrapping_keeps_every_word_in_order_within_the_width() -> None:
    lines = wrap(LONG, FONT, CELL)
    assert " ".join(lines) == LONG
    assert all(FONT.getlength(line) <= CELL for line in lines)
    first_words = [line.split()[0] for line in lines[1:]]
    for line, word in zip(lines, first_words, strict=False):
        assert FONT.getlength(f"{line} {word}") > CELL  # no line ends sooner than it must


def test_a_word_wider_than_the_line_is_broken() -> None:
    lines = wrap(f"a {'x' * 80} b", FONT, CELL)
    assert "".join(lines) == f"a{'x' * 80}b" or "".join(lines) == f"a{'x' * 80} b"
    assert all(FONT.getlength(line) <= CELL for line in lines)


def test_letters_beyond_ascii_are_drawn_and_are_no_boxes() -> None:
    font = load_font()
    missing = bytes(font.getmask("\uffff"))
    assert all(bytes(font.getmask(letter)) != missing for letter in "üßéñ—")


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_no_words_are_one_empty_line(text: str) -> None:
    assert wrap(text, FONT, CELL) == [""]


def test_the_saved_sheet_is_a_png_of_the_drawn_one(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), "blue").save(photo)
    items = [(photo, SHORT), (photo.read_bytes(), LONG)]
    save_sheet(tmp_path / "out" / "sheet.png", items)
    with Image.open(tmp_path / "out" / "sheet.png") as saved:
        assert saved.format == "PNG"
        assert np.array_equal(np.asarray(saved), np.asarray(draw_sheet(items)))


def test_a_photo_that_cannot_be_read_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.jpg: no such file"):
        save_sheet(tmp_path / "sheet.png", [(tmp_path / "none.jpg", SHORT)])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "sheet.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        save_sheet(path, [(Image.new("RGB", (8, 8)), SHORT)])
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_line_break_in_a_sentence_is_kept() -> None:
    sheets = [draw_sheet([(Image.new("RGB", (8, 8)), text)]) for text in ("A dog.", "A dog.\nA.")]
    assert sheets[1].height == sheets[0].height + LINE_HEIGHT
