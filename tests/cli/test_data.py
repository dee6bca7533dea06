"""`showtell data`: what it says of one's own pictures."""

import json
import shutil
from pathlib import Path

import pytest
from drawing import draw_folder
from PIL import Image

from showtell.cli.main import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "photos")


def say(folder: Path, capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> str:
    assert run(["data", str(folder), *options]) == code
    return capsys.readouterr().out


def test_what_was_understood_is_said_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = say(folder, capsys).splitlines()
    assert lines[0] == f"{folder}, read as pictures with a .txt beside each"
    assert lines[1] == "24 images with 72 captions, 3 an image"
    assert [line.split()[:3] for line in lines[3:6]] == [
        ["train", "20", "60"],
        ["val", "2", "6"],
        ["test", "2", "6"],
    ]
    assert lines[6].startswith("the data give no splits: drawn, 80 % train, 10 % val, 10 % test")
    assert "24 of 24 pictures can be read" in lines
    assert lines[-1] == "ready to train"


def test_what_gives_the_splits_is_said(
    folder: Path, flickr8k: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "the splits are given by" not in say(folder, capsys)  # drawn: another line tells
    assert "the splits are given by Flickr8k's lists\n" in say(flickr8k, capsys)
    assert json.loads(say(flickr8k, capsys, "--json"))["splits_from"] == "Flickr8k's lists"


def test_unreadable_pictures_are_named_and_end_with_code_4(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "00.png").write_bytes(b"no picture")
    out = say(folder, capsys, code=4)
    assert "23 of 24 pictures can be read" in out
    assert "training would refuse: pictures of train or val that cannot be read: 1" in out
    assert f"  unreadable: {folder / '00.png'}: not a picture in a format we read" in out
    assert "can be read" not in say(folder, capsys, "--no-check-images")


def test_a_sheet_is_a_png_and_is_called_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", str(folder), "--sheet", "sheet.jpg"]) == 2
    assert "--sheet writes a PNG; call it FILE.png, not sheet.jpg" in capsys.readouterr().err


def test_the_same_picture_in_train_and_val_is_said_loudly(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(say(folder, capsys, "--json", "--no-check-images"))
    assert found["pictures"] is None
    for split in ("train", "val"):
        for kind in (".png", ".txt"):
            target = folder / split / f"same{kind}"
            target.parent.mkdir(exist_ok=True)
            shutil.copy(folder / f"00{kind}", target)
    for path in [*folder.glob("*.*"), *folder.glob("more shapes/*")]:
        path.unlink()
    out = say(folder, capsys)
    assert "LEAK: the same picture is in more than one split" in out
    assert "1 such: train/same.png (train) = val/same.png (val)" in out


def test_json_has_everything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "00.txt").write_text(" ".join(["word"] * 21) + "\n...\n")
    (folder / "02.txt").write_text("\n")
    found = json.loads(say(folder, capsys, "--json"))
    assert found["format"] == "pictures with a .txt beside each"
    assert found["drawn_splits"] == ["train", "val", "test"]
    assert found["uncaptioned"] == ["02.png"]
    assert found["captions"]["all"] == 68
    assert found["captions"]["per_image"] == {"min": 2, "median": 3.0, "max": 3}
    assert (found["captions"]["long"], found["captions"]["without_words"]) == (1, 1)
    # Each thing is drawn twice, but for the two whose captions were changed.
    assert found["captions"]["repeated"] == 30
    assert found["captions"]["most_repeated"][0]["images"] == 2
    assert found["pictures"]["checked"] == 23
    assert found["pictures"]["unreadable"] == {}


def test_captions_of_few_words_are_looked_at_all_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = say(folder, capsys, "--min-count", "1000")
    assert "training would refuse: no word is seen 1000 times in train" in out


def test_captions_without_spaces_are_noticed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "in a language that is written without spaces?" not in say(folder, capsys)
    for text in folder.rglob("*.txt"):
        text.write_text("茶色い犬が走る\n赤い丸\n", "utf-8")
    assert "in a language that is written without spaces?" in say(folder, capsys)


def test_a_sheet_shows_a_few_with_their_captions(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", str(folder), "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert "8 pictures with their captions in" in capsys.readouterr().err
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 1000


def test_an_empty_folder_says_what_was_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "expected a .txt beside each picture, metadata.jsonl" in line
