"""ExifTool reads what we write, and what it wrote survives us."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from showtell.metadata.description import Writing
from showtell.metadata.embed import clear_embedded, embed, read_embedded
from showtell.metadata.sidecar import clear_sidecar, read_sidecar, write_sidecar

from .dialects import SIDECARS
from .pictures import (
    APPENDED,
    CAPTION,
    OURS,
    PERSONS,
    TITLE,
    UTF8,
    drawing,
    encode,
    exif_jpeg,
    exiftool,
    needs_exiftool,
    photoshop_block,
    segment,
    tags,
    warnings,
    with_segments,
)

pytestmark = needs_exiftool

PICTURES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": partial(encode, drawing(), "JPEG"),
    "camera.jpg": partial(exif_jpeg, None),
    "iptc.jpg": lambda: with_segments(exif_jpeg(None), segment(0xED, photoshop_block(UTF8, TITLE))),
    "photo.png": partial(encode, drawing("P"), "PNG"),
    "photo.webp": partial(encode, drawing(), "WEBP"),
    "alpha.webp": partial(encode, drawing("RGBA"), "WEBP", lossless=True),
    "moving.webp": partial(
        encode, drawing(), "WEBP", save_all=True, append_images=[drawing().rotate(180)]
    ),
}
FOREIGN = (
    "-XMP-dc:Title=Rex & co",
    "-XMP-dc:Subject=dog",
    "-XMP-lr:HierarchicalSubject=animals|dog",
    "-XMP-dc:Description-de=Rex im Garten",
    "-XMP-xmp:Rating=4",
    "-XMP-photoshop:City=Delft",
    "-XMP-mwg-rs:RegionInfo={RegionList=[{Name=Rex,Area={X=0.5,Y=0.5,W=0.1,H=0.1}}]}",
    "-EXIF:Artist=Anna",
    "-EXIF:GPSLatitude=52",
    "-EXIF:GPSLatitudeRef=N",
    "-IPTC:Keywords=dog",  # PNG and WebP hold none: only JPEG gets it
)
XMP_ONLY = tuple(option for option in FOREIGN if option.startswith("-XMP"))
OUR_TAGS = (
    *("XMP-dc:Description", "XMP-iptcCore:AltTextAccessibility", "XMP-photoshop:CaptionWriter"),
    *("XMP-showtell:Caption", "XMP-showtell:Confidence"),
    *("IFD0:ImageDescription", "IPTC:Caption-Abstract"),
)
# What may follow from any change: sizes, offsets, and the announcement of XMP in WebP.
FOLLOWING = (
    *("Photoshop:IPTCDigest", "File:CurrentIPTCDigest", "IFD1:ThumbnailOffset"),
    *("RIFF:WebP_Flags", "RIFF:ImageWidth", "RIFF:ImageHeight", "RIFF:AlphaIsUsed"),
    *("RIFF:VP8Version", "RIFF:HorizontalScale", "RIFF:VerticalScale"),
    *("File:FileType", "File:FileTypeExtension"),
)


def photo(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.write_bytes(PICTURES[name]())
    return path


def foreign(path: Path) -> dict[str, Any]:
    """What ExifTool reads in a file, less what we write."""
    found = tags(path)
    return {k: v for k, v in found.items() if k not in (*OUR_TAGS, *FOLLOWING)}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("writing", [OURS, PERSONS], ids=["ours", "persons"])
def test_exiftool_reads_what_is_embedded_and_finds_no_new_fault(
    name: str, writing: Writing, tmp_path: Path
) -> None:
    path = photo(tmp_path, name)
    faults = warnings(path)
    embed(path, writing)
    assert warnings(path) <= faults
    found = tags(path)
    assert found["XMP-dc:Description"] == writing.text
    assert found["XMP-iptcCore:AltTextAccessibility"] == writing.text
    assert found["XMP-photoshop:CaptionWriter"] == writing.writer
    assert ("XMP-showtell:Caption" in found) == (writing.caption is not None)
    assert found.get("IFD0:ImageDescription") == (
        writing.text if name in ("camera.jpg", "iptc.jpg") else None
    )
    assert found.get("IPTC:Caption-Abstract") == (writing.text if name == "iptc.jpg" else None)
    if name == "iptc.jpg":
        assert found["Photoshop:IPTCDigest"] == found["File:CurrentIPTCDigest"]


@pytest.mark.parametrize("name", PICTURES)
def test_what_exiftool_wrote_survives_writing_and_clearing(name: str, tmp_path: Path) -> None:
    path = photo(tmp_path, name)
    exiftool("-q", "-overwrite_original", "-m", *FOREIGN, path)
    before, theirs = foreign(path), path.read_bytes()
    assert before["XMP-dc:Title"] == "Rex & co"
    embed(path, OURS)
    assert foreign(path) == before
    assert tags(path)["XMP-dc:Description-de"] == "Rex im Garten"
    assert clear_embedded(path)
    assert foreign(path) == before
    assert CAPTION.encode() not in path.read_bytes()
    assert len(path.read_bytes()) == len(theirs)


@pytest.mark.parametrize("name", PICTURES)
def test_what_we_wrote_survives_exiftool(name: str, tmp_path: Path) -> None:
    path = photo(tmp_path, name)
    embed(path, OURS)
    before = read_embedded(path)
    exiftool("-q", "-overwrite_original", "-m", *FOREIGN, path)
    assert read_embedded(path) == before
    assert clear_embedded(path)
    after = read_embedded(path)
    assert after is not None
    assert after.text == "Rex im Garten"
    assert CAPTION.encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["lightroom", "digikam", "darktable", "windows"])
def test_exiftool_reads_the_same_in_a_sidecar_that_we_merged_into(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "photo.xmp"
    path.write_bytes(SIDECARS[name])
    before = foreign(path)
    write_sidecar(path, OURS)
    assert foreign(path) == before
    assert tags(path)["XMP-dc:Description"] == CAPTION
    assert clear_sidecar(path)
    assert foreign(path) == before


def test_a_sidecar_of_ours_is_without_fault_and_survives_exiftool(tmp_path: Path) -> None:
    path = tmp_path / "photo.xmp"
    write_sidecar(path, APPENDED)
    assert warnings(path) == set()
    before = read_sidecar(path)
    exiftool("-q", "-overwrite_original", *XMP_ONLY, path)
    assert read_sidecar(path) == before
    write_sidecar(path, OURS)
    assert tags(path)["XMP-dc:Description"] == CAPTION
    assert clear_sidecar(path)
    assert tags(path)["XMP-dc:Title"] == "Rex & co"
    assert CAPTION.encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp"])
def test_a_persons_text_that_exiftool_wrote_is_a_persons(name: str, tmp_path: Path) -> None:
    path = photo(tmp_path, name)
    embed(path, OURS)
    exiftool("-q", "-overwrite_original", "-m", "-XMP-dc:Description=It is Rex", path)
    found = read_embedded(path)
    assert found is not None
    assert found.persons_text == "It is Rex"


def test_a_description_that_exiftool_put_into_exif_alone_is_read(tmp_path: Path) -> None:
    for name in ("photo.jpg", "photo.png", "photo.webp"):
        path = photo(tmp_path, name)
        exiftool("-q", "-overwrite_original", "-EXIF:ImageDescription=It is Rex", path)
        found = read_embedded(path)
        assert found is not None
        assert found.text == "It is Rex"


def test_exiftool_reads_any_text_as_we_do(tmp_path: Path) -> None:
    text = "Müller & Söhne <3 \"Rex\"\n\t🐶 ]]> &amp; 'x'"
    path = photo(tmp_path, "camera.jpg")
    embed(path, Writing(text=text, caption=None, writer="Anna", confidence=None))
    raw = subprocess.run(
        ["exiftool", "-b", "-XMP-dc:Description", path], check=True, capture_output=True
    ).stdout
    assert raw.decode() == text
