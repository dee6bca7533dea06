"""`showtell review`: what it asks, and what becomes of the answers."""

import io
from pathlib import Path

import pytest
from PIL import Image

from showtell.cli.main import run
from showtell.cli.thumbnail import draw
from showtell.metadata.description import Writing
from showtell.metadata.sidecar import read_sidecar, write_sidecar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def folder(flickr8k: Path, tmp_path: Path) -> Path:
    """Two photos with captions of ours; of the second we are less sure."""
    photos = tmp_path / "photos"
    photos.mkdir()
    drawn = sorted(flickr8k.rglob("*.jpg"))
    for name, source, confidence in (("a.jpg", drawn[0], 0.2), ("b.jpg", drawn[1], 0.1)):
        (photos / name).write_bytes(source.read_bytes())
        caption = f"A dog in {name[0]}."
        writing = Writing(
            text=caption, caption=caption, writer="showtell tiny 1", confidence=confidence
        )
        write_sidecar(photos / f"{name}.xmp", writing)
    return photos


def answer(folder: Path, tiny_bundle: Path, *lines: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", Terminal("\n".join(lines) + "\n"))
        return run(["review", str(folder), "--model", str(tiny_bundle), "--reviewer", "ann"])


def test_captions_are_listed_worst_first_where_nobody_can_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["review", str(folder), "--list"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(Path(path).name, float(sure), text) for path, sure, text in rows] == [
        ("b.jpg", 0.1, "A dog in b."),
        ("a.jpg", 0.2, "A dog in a."),
    ]


def test_answers_are_written_as_the_persons(
    folder: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(folder, tiny_bundle, "e", "My dog Rex.", "a") == 0
    for name, text in (("b", "My dog Rex."), ("a", "A dog in a.")):
        found = read_sidecar(folder / f"{name}.jpg.xmp")
        assert (found.text, found.writer, found.caption) == (text, "ann", None)
    assert "2 captions changed" in capsys.readouterr().err


def test_a_number_chooses_what_else_the_model_would_say(
    folder: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(folder, tiny_bundle, "2", "q")
    lines = capsys.readouterr().err.splitlines()
    (second, *_) = [line.split("  2  ")[1] for line in lines if line.startswith("  2  ")]
    assert read_sidecar(folder / "b.jpg.xmp").text == second


def test_rejected_captions_go_and_skipped_ones_stay(folder: Path, tiny_bundle: Path) -> None:
    answer(folder, tiny_bundle, "r", "s")
    assert not (folder / "b.jpg.xmp").exists()
    assert read_sidecar(folder / "a.jpg.xmp").caption == "A dog in a."


def test_it_asks_again_after_what_it_does_not_understand_and_stops_when_told(
    folder: Path, tiny_bundle: Path
) -> None:
    assert answer(folder, tiny_bundle, "yes", "99", "q") == 0
    assert read_sidecar(folder / "b.jpg.xmp").caption == "A dog in b."


def test_nothing_to_review_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["review", str(folder), "--below", "0.01"]) == 0
    assert "no captions of showtell below" in capsys.readouterr().err


def test_a_photo_is_drawn_with_two_pixels_to_a_character(tmp_path: Path) -> None:
    picture = Image.new("RGB", (80, 80), (250, 0, 0))
    picture.paste((0, 0, 250), (0, 40, 80, 80))
    picture.save(tmp_path / "a.png")
    drawn = draw(tmp_path / "a.png", 10, 10)
    assert drawn.plain == "\n".join(["▀" * 10] * 5)
    first, last = drawn.spans[0].style, drawn.spans[-1].style
    assert first.color.triplet == (250, 0, 0)
    assert last.bgcolor.triplet == (0, 0, 250)
