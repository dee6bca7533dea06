"""Where captions go beside their photos: see `showtell.batch.destinations`."""

from pathlib import Path

import pytest

from showtell.batch.destinations import Destination, combine
from showtell.batch.sidecars import forget_folders
from showtell.errors import DataError
from showtell.metadata.description import Writing
from showtell.metadata.sidecar import write_sidecar
from showtell.metadata.xmp import clear_xmp, merge_xmp
from showtell.runtime.records import Photo

OURS = Writing(text="A dog.", caption="A dog.", writer="showtell base 1", confidence=None)
LABELLED = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="Red"/></rdf:RDF></x:xmpmeta>"""


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


def test_of_two_xmp_sidecars_the_one_that_says_something_is_written_to(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    said = Writing(text="Mine.", caption=None, writer="me", confidence=None)
    write_sidecar(tmp_path / "a.XMP", said)
    wordless = clear_xmp(merge_xmp(LABELLED, OURS))
    assert wordless
    (tmp_path / "a.jpg.xmp").write_bytes(wordless)
    assert place(tmp_path, "a.jpg", kind="xmp") == "a.XMP"


@pytest.mark.parametrize("other", ["a", "a.dat", "A.png", "a.webp"])
def test_photos_that_might_share_a_stem_get_their_full_names(tmp_path: Path, other: str) -> None:
    touch(tmp_path, "a.jpg", other)
    names = {place(tmp_path, name, kind="txt", naming="stem") for name in ("a.jpg", other)}
    assert len({name.casefold() for name in names}) == 2


def test_text_in_another_encoding_is_not_added_to(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "a.jpg.txt").write_text("Mine.", encoding="utf-16")
    path = tmp_path / "a.jpg"
    with pytest.raises(DataError, match="no text in UTF-8"):
        Destination(kind="txt").existing(Photo("a.jpg", path, "a.jpg"))


def test_the_sidecar_of_a_raw_file_is_not_that_of_the_jpeg_beside_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "a.CR2", "a.xmp")
    assert place(tmp_path, "a.jpg", kind="xmp", naming="stem") == "a.jpg.xmp"


def test_a_film_beside_a_photo_shares_no_sidecar_with_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.heic", "a.mov")
    assert place(tmp_path, "a.heic", kind="xmp", naming="stem") == "a.xmp"
