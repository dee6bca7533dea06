"""Where captions go beside their photos: see `showtell.batch.destinations`."""

from pathlib import Path

import pytest

from showtell.batch.destinations import Destination, combine, forget_folders
from showtell.runtime.records import Photo


@pytest.mark.parametrize(
    ("existing", "mode", "expected"),
    [
        (None, "append", "A dog."),
        ("Mine.", "overwrite", "A dog."),
        ("Mine.", "append", "Mine.\nA dog."),
        ("Mine.", "prepend", "A dog.\nMine."),
        ("Mine.\nA dog.", "append", "Mine.\nA dog."),
        ("A dog.\nMine.", "append", "A dog.\nMine."),
        ("Two\u2028lines,\r\nmine.", "append", "Two\u2028lines,\r\nmine.\nA dog."),
    ],
)
def test_words_that_are_there_stay_as_they_are(
    existing: str | None, mode: str, expected: str
) -> None:
    assert combine(existing, "A dog.", mode) == expected


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"x")
    forget_folders()


def place(folder: Path, name: str, **settings: object) -> str:
    path = folder / name
    return Destination(**settings).place(Photo(path.as_posix(), path, name)).name


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"kind": "txt", "naming": "stem"}, "a.txt"),
        ({"kind": "txt", "naming": "stem", "extension": ".caption"}, "a.caption"),
        ({"kind": "xmp"}, "a.jpg.xmp"),
        ({"kind": "xmp", "naming": "stem"}, "a.xmp"),
        ({"kind": "json"}, "a.jpg.json"),
    ],
)
def test_sidecars_are_named_as_programs_expect(
    tmp_path: Path, settings: dict, expected: str
) -> None:
    touch(tmp_path, "a.jpg")
    assert place(tmp_path, "a.jpg", **settings) == expected


@pytest.mark.parametrize("naming", ["full", "stem"])
@pytest.mark.parametrize("there", ["a.xmp", "a.jpg.xmp"])
def test_an_xmp_sidecar_that_is_there_is_the_one_to_write(
    tmp_path: Path, naming: str, there: str
) -> None:
    touch(tmp_path, "a.jpg", there)
    assert place(tmp_path, "a.jpg", kind="xmp", naming=naming) == there


def test_the_sidecar_of_a_raw_file_is_not_that_of_the_jpeg_beside_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "a.CR2", "a.xmp")
    assert place(tmp_path, "a.jpg", kind="xmp", naming="stem") == "a.jpg.xmp"


def test_a_film_beside_a_photo_shares_no_sidecar_with_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.heic", "a.mov")
    assert place(tmp_path, "a.heic", kind="xmp", naming="stem") == "a.xmp"
