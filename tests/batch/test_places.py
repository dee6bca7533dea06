"""No two files in one place: see `showtell.batch.places`."""

import os
from pathlib import Path

import pytest
from PIL import Image

from showtell.batch.destinations import Destination
from showtell.batch.find import are_several, find_photos
from showtell.batch.places import Places, check_places
from showtell.errors import ConfigError

TXT = Destination(kind="txt", naming="stem")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders `pics`, one where we stand and one above."""
    for name in ("pics/a.jpg", "here/pics/a.jpg", "here/pics/b.jpg", "here/other/a.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def check(*named: str, out: str | None = None, **settings: object) -> int:
    paths = [Path(name) for name in named]
    destination = Destination(**{"kind": "xmp", **settings})
    places = Places([destination], out=Path(out) if out else None, several=are_several(paths))
    return check_places(find_photos(paths), places)


@pytest.mark.parametrize(
    "named",
    [
        ("../pics", "pics"),
        ("pics/a.jpg", "../pics/a.jpg"),
        ("../pics/*.jpg", "pics"),
    ],
)
@pytest.mark.parametrize("kind", ["txt", "xmp", "json"])
def test_two_photos_that_would_share_a_sidecar_are_refused(
    named: tuple[str, ...], kind: str
) -> None:
    with pytest.raises(ConfigError, match=r"a\.jpg and .*a\.jpg would share the sidecar"):
        check(*named, kind=kind, directory=Path("x"))


def test_so_are_photos_that_share_a_stem_in_the_mirror_alone(tmp_path: Path) -> None:
    (tmp_path / "pics" / "a.jpg").rename(tmp_path / "pics" / "a.png")
    with pytest.raises(ConfigError, match="would share"):
        check("../pics", "pics", kind="txt", naming="stem", directory=Path("x"))
    assert check("../pics", "pics", kind="txt", naming="full", directory=Path("x")) == 3


@pytest.mark.parametrize(
    "named", [("pics", "other"), ("pics", "pics/a.jpg"), ("pics", "./pics"), ("../here/pics",)]
)
def test_photos_with_places_of_their_own_are_counted(named: tuple[str, ...]) -> None:
    assert check(*named, directory=Path("x")) >= 2


def test_a_file_that_is_named_by_two_paths_is_one_photo(here: Path) -> None:
    (here.parent / "other").symlink_to(here / "other")
    assert check("other", "../other", directory=Path("x")) == 2


def test_beside_their_photos_all_have_places_of_their_own() -> None:
    assert check("pics", "../pics") == 3


@pytest.mark.parametrize(
    ("out", "settings"),
    [
        ("pics/a.jpg.json", {"kind": "json"}),
        ("pics/a.txt", {"kind": "txt", "naming": "stem"}),
        ("pics/A.TXT", {"kind": "txt", "naming": "stem"}),  # one file on many a disk
        ("pics/../pics/a.txt", {"kind": "txt", "naming": "stem"}),
        ("pics/a.xmp", {"kind": "xmp"}),
        ("pics/a.jpg.xmp", {"kind": "embed"}),
        ("x/a.jpg.json", {"kind": "json", "directory": Path("x")}),
        ("pics/a.jpg", {"kind": "txt"}),
    ],
)
def test_the_records_never_take_the_place_of_a_photo_or_its_sidecar(
    out: str, settings: dict
) -> None:
    with pytest.raises(ConfigError, match=r"--out .*a\.(jpg|txt|xmp|TXT)"):
        check("pics", out=out, **settings)


@pytest.mark.parametrize("out", ["pics/a.json", "pics/out.json", "a.jpg.json"])
def test_records_may_lie_among_the_photos(out: str) -> None:
    assert check("pics", out=out, kind="json") == 2


def test_what_is_no_picture_needs_no_place() -> None:
    Path("pics/notes").write_text("no photo", encoding="utf-8")
    assert check("pics", out="pics/notes.json", kind="json") == 3


def test_photos_that_come_later_are_looked_at_too(here: Path) -> None:
    places = Places([TXT], out=Path("pics/c.txt"), several=False)
    assert check_places(find_photos([Path("pics")]), places) == 2
    os.link("pics/a.jpg", "pics/c.jpg")
    told = [places.conflict(photo) for photo in find_photos([Path("pics")])]
    assert [bool(conflict) for conflict in told] == [False, False, True]


@pytest.mark.parametrize("name", ["a\0b.jpg", "a\0b/c.jpg", "x" * 5000 + "/a.jpg", "gone/a.jpg"])
def test_a_name_that_stands_for_no_file_conflicts_with_nothing(name: str) -> None:
    assert check(name, "pics", out="out.json", directory=Path("x")) == 3
