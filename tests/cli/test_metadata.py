"""`showtell metadata`: what photos say, and taking out what we wrote."""

import json
from pathlib import Path

import pytest

from showtell.cli.main import run
from showtell.metadata.description import Writing
from showtell.metadata.embed import embed, read_embedded
from showtell.metadata.sidecar import read_sidecar, write_sidecar

OURS = Writing(text="A dog.", caption="A dog.", writer="showtell base 1", confidence=0.5)
MINE = Writing(text="My dog.", caption=None, writer="ann", confidence=None)


@pytest.fixture
def folder(flickr8k: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ours embedded in a, ours beside b, a person's words in c."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, source in zip("abc", sorted(flickr8k.rglob("*.jpg")), strict=False):
        (photos / f"{name}.jpg").write_bytes(source.read_bytes())
    embed(photos / "a.jpg", OURS)
    write_sidecar(photos / "b.jpg.xmp", OURS)
    embed(photos / "c.jpg", MINE)
    monkeypatch.chdir(tmp_path)
    return photos


def test_show_says_what_is_where_and_whose_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["metadata", "show", "photos"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["path"], row["text"], row["by_person"]) for row in rows] == [
        ("photos/a.jpg", "A dog.", False),
        ("photos/b.jpg.xmp", "A dog.", False),
        ("photos/c.jpg", "My dog.", True),
    ]


def test_clear_takes_out_ours_and_leaves_a_persons(
    folder: Path, flickr8k: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = (folder / "c.jpg").read_bytes()
    assert run(["metadata", "clear", "photos"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["photos/a.jpg", "photos/b.jpg.xmp"]
    assert err == "2 files cleared\n"
    assert (folder / "a.jpg").read_bytes() == min(flickr8k.rglob("*.jpg")).read_bytes()
    assert not (folder / "b.jpg.xmp").exists()
    assert (folder / "c.jpg").read_bytes() == theirs


def test_a_dry_run_names_and_leaves(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metadata", "clear", "photos", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == ["photos/a.jpg", "photos/b.jpg.xmp"]
    found = read_embedded(folder / "a.jpg")
    assert found is not None
    assert found.caption == read_sidecar(folder / "b.jpg.xmp").caption == "A dog."


def test_what_cannot_be_read_is_told_and_the_rest_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.xmp").write_text("<x:xmpmeta", encoding="utf-8")
    assert run(["metadata", "clear", "photos"]) == 4
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "photos/a.xmp" in err


def test_nothing_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metadata", "show", str(tmp_path)]) == 5
    assert "no files in" in capsys.readouterr().err
