"""Descriptions within photos: read, written, cleared; the picture stays as it is."""

import os
import stat
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from showtell.errors import MetadataError
from showtell.metadata import embed as embedding
from showtell.metadata.description import Writing
from showtell.metadata.embed import can_embed, clear_embedded, embed, read_embedded
from showtell.metadata.xmp import merge_xmp

from .pictures import (
    APPENDED,
    CAPTION,
    CITY,
    OURS,
    PERSONS,
    TITLE,
    chunk,
    dataset,
    drawing,
    encode,
    exif_jpeg,
    photoshop_block,
    pixels,
    riff,
    riff_chunks,
    segment,
    tiff_block,
    with_chunks,
    with_segments,
)

ICC = b"a profile that Pillow passes on as it is"
FRAMES = [drawing(), drawing().rotate(180), drawing().rotate(90)]


def interlaced() -> bytes:
    """A 1 × 1 grey PNG that says it is interlaced: Adam7's first pass is all of it."""
    header = bytes((0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 1))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\x80"))
        + chunk(b"IEND", b"")
    )


PICTURES: dict[str, Callable[[], bytes]] = {
    "jpeg": partial(encode, drawing(), "JPEG"),
    "jpeg-progressive": partial(encode, drawing(), "JPEG", progressive=True),
    "jpeg-grey": partial(encode, drawing("L"), "JPEG"),
    "jpeg-cmyk": partial(encode, drawing("CMYK"), "JPEG"),
    "jpeg-icc": partial(encode, drawing(), "JPEG", icc_profile=ICC),
    "jpeg-trailer": lambda: encode(drawing(), "JPEG") + b"a motion photo",
    "jpeg-several": partial(encode, FRAMES[0], "MPO", save_all=True, append_images=FRAMES[1:]),
    "png": partial(encode, drawing(), "PNG"),
    "png-palette": partial(encode, drawing("P"), "PNG", transparency=0),
    "png-alpha": partial(encode, drawing("RGBA"), "PNG", icc_profile=ICC),
    "png-interlaced": interlaced,
    "png-animated": partial(encode, FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]),
    "webp": partial(encode, drawing(), "WEBP"),
    "webp-lossless": partial(encode, drawing(), "WEBP", lossless=True),
    "webp-alpha": partial(encode, drawing("RGBA"), "WEBP"),
    "webp-icc": partial(encode, drawing(), "WEBP", icc_profile=ICC),
    "webp-animated": partial(encode, FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]),
}
WITH_EXIF: dict[str, Callable[[bytes | None], bytes]] = {
    "jpeg": lambda description: exif_jpeg(description),
    "png": lambda description: with_chunks(
        encode(drawing(), "PNG"), chunk(b"eXIf", tiff_block(description, order=">"))
    ),
    "webp": lambda description: riff(
        (b"VP8X", b"\x08\0\0\0\x2c\0\0\x20\0\0"),
        *riff_chunks(encode(drawing(), "WEBP")),
        (b"EXIF", tiff_block(description)),
    ),
}


def iptc_jpeg(*datasets: bytes) -> bytes:
    return with_segments(encode(drawing(), "JPEG"), segment(0xED, photoshop_block(*datasets)))


def file_of(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "photo"
    path.write_bytes(data)
    return path


def text_of(path: Path) -> str | None:
    found = read_embedded(path)
    assert found is not None
    return found.text


@pytest.mark.parametrize("name", PICTURES)
def test_a_description_is_embedded_and_the_pixels_stay(name: str, tmp_path: Path) -> None:
    before = PICTURES[name]()
    path = file_of(tmp_path, before)
    embed(path, OURS)
    found = read_embedded(path)
    assert found is not None
    assert (found.text, found.alt_text, found.by_person) == (CAPTION, CAPTION, False)
    assert pixels(path.read_bytes()) == pixels(before)


@pytest.mark.parametrize("name", PICTURES)
def test_clearing_gives_back_the_very_file(name: str, tmp_path: Path) -> None:
    before = PICTURES[name]()
    path = file_of(tmp_path, before)
    embed(path, replace(OURS, text="A cat.", caption="A cat."))
    embed(path, OURS)
    assert clear_embedded(path)
    assert path.read_bytes() == before
    assert not clear_embedded(path)


@pytest.mark.parametrize("name", WITH_EXIF)
def test_clearing_a_file_with_exif_gives_back_the_very_file(name: str, tmp_path: Path) -> None:
    before = WITH_EXIF[name](None)
    path = file_of(tmp_path, before)
    embed(path, replace(OURS, text="A cat.", caption="A cat."))
    embed(path, OURS)
    assert path.read_bytes().count(CAPTION.encode()) == 4  # text, alt text, caption; EXIF
    assert pixels(path.read_bytes()) == pixels(before)
    assert clear_embedded(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", PICTURES)
def test_embedding_twice_is_embedding_once(name: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, PICTURES[name]())
    embed(path, OURS)
    once, before = path.read_bytes(), path.stat()
    embed(path, OURS)
    assert path.read_bytes() == once
    assert path.stat().st_ino == before.st_ino  # not even rewritten


@pytest.mark.parametrize("name", WITH_EXIF)
def test_a_photo_without_xmp_says_what_its_exif_says(name: str, tmp_path: Path) -> None:
    found = read_embedded(file_of(tmp_path, WITH_EXIF[name](b"Rex in 1998\0")))
    assert found is not None
    assert found.persons_text == "Rex in 1998"


def test_a_photo_without_xmp_and_exif_says_what_its_iptc_says(tmp_path: Path) -> None:
    assert text_of(file_of(tmp_path, iptc_jpeg(TITLE, dataset(2, 120, b"Rex")))) == "Rex"


def test_what_a_camera_wrote_says_nothing_and_stays(tmp_path: Path) -> None:
    made = b"OLYMPUS DIGITAL CAMERA         \0"
    path = file_of(tmp_path, exif_jpeg(made))
    assert text_of(path) is None
    embed(path, OURS)
    assert made in path.read_bytes()
    assert clear_embedded(path)
    assert path.read_bytes() == exif_jpeg(made)


def test_other_words_in_exif_than_those_in_effect_stay(tmp_path: Path) -> None:
    path = file_of(tmp_path, exif_jpeg(None))
    embed(path, PERSONS)
    other = PERSONS.text.replace("Rex", "Max").encode() + b"\0"
    path.write_bytes(path.read_bytes().replace(PERSONS.text.encode() + b"\0", other))
    embed(path, OURS)
    assert text_of(path) == CAPTION
    assert other in path.read_bytes()


@pytest.mark.parametrize("name", WITH_EXIF)
def test_a_replaced_text_does_not_live_on_in_exif(name: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, WITH_EXIF[name](b"Rex in 1998\0"))
    embed(path, OURS)
    assert path.read_bytes().count(CAPTION.encode()) == 4
    assert clear_embedded(path)
    assert text_of(path) is None


def test_a_replaced_text_does_not_live_on_in_iptc(tmp_path: Path) -> None:
    path = file_of(tmp_path, iptc_jpeg(TITLE, dataset(2, 120, b"Rex"), dataset(2, 122, b"Anna")))
    embed(path, OURS)
    assert dataset(2, 120, CAPTION.encode()) in path.read_bytes()
    assert clear_embedded(path)
    assert path.read_bytes() == iptc_jpeg(TITLE, dataset(2, 122, b"Anna"))


def test_iptc_that_has_no_caption_gets_ours_and_loses_it(tmp_path: Path) -> None:
    path = file_of(tmp_path, iptc_jpeg(TITLE, CITY))
    embed(path, OURS)
    assert dataset(2, 120, CAPTION.encode()) in path.read_bytes()
    assert clear_embedded(path)
    assert path.read_bytes() == iptc_jpeg(TITLE, CITY)


def test_a_persons_words_come_back_when_our_line_is_cleared(tmp_path: Path) -> None:
    path = file_of(tmp_path, exif_jpeg(PERSONS.text.encode() + b"\0"))
    embed(path, APPENDED)
    assert text_of(path) == APPENDED.text
    assert clear_embedded(path)
    assert text_of(path) == PERSONS.text
    assert CAPTION.encode() not in path.read_bytes()
    assert pixels(path.read_bytes()) == pixels(exif_jpeg(None))


def test_exif_that_would_be_too_long_for_a_jpeg_is_left_as_it_is(tmp_path: Path) -> None:
    full = b"Exif\0\0" + tiff_block() + bytes(65_533 - 6 - len(tiff_block()))
    before = with_segments(encode(drawing(), "JPEG"), segment(0xE1, full))
    path = file_of(tmp_path, before)
    embed(path, OURS)
    assert full in path.read_bytes()
    assert text_of(path) == CAPTION


def test_a_photo_without_exif_or_iptc_gets_none(tmp_path: Path) -> None:
    path = file_of(tmp_path, PICTURES["jpeg"]())
    embed(path, OURS)
    assert b"Exif\0\0" not in path.read_bytes()
    assert b"Photoshop 3.0" not in path.read_bytes()


def test_a_packet_of_another_program_is_merged_into(tmp_path: Path) -> None:
    other = merge_xmp(None, PERSONS).replace(
        b"<photoshop:C", b"<photoshop:City>D</photoshop:City><photoshop:C"
    )
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + other)
    path = file_of(tmp_path, with_segments(encode(drawing(), "JPEG"), xmp))
    embed(path, OURS)
    assert b"<photoshop:City>D</photoshop:City>" in path.read_bytes()
    assert path.read_bytes().count(b"http://ns.adobe.com/xap/1.0/\0") == 1


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_of_the_three_formats_can_be_embedded_in(name: str) -> None:
    assert can_embed(PICTURES[name]()[:12])


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"\xff\xd8", b"II*\0"])
def test_other_formats_are_not_embedded_in(data: bytes, tmp_path: Path) -> None:
    path = file_of(tmp_path, data)
    assert not can_embed(data)
    assert read_embedded(path) is None
    assert not clear_embedded(path)
    with pytest.raises(MetadataError, match=r"photo: not a JPEG, PNG or WebP.*sidecar"):
        embed(path, OURS)


def test_the_permission_bits_stay(tmp_path: Path) -> None:
    path = file_of(tmp_path, PICTURES["jpeg"]())
    path.chmod(0o640)
    embed(path, OURS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_the_photo_that_it_points_to_is_written(tmp_path: Path) -> None:
    path = file_of(tmp_path, PICTURES["png"]())
    link = tmp_path / "link"
    link.symlink_to(path)
    embed(link, OURS)
    assert link.is_symlink()
    assert text_of(path) == CAPTION


def test_a_full_disk_leaves_the_photo_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = file_of(tmp_path, PICTURES["jpeg"]())
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        embed(path, OURS)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [PICTURES["jpeg"]()]


def test_what_cannot_be_read_back_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(tmp_path, PICTURES["jpeg"]())
    monkeypatch.setattr(embedding, "merge_xmp", lambda packet, _: merge_xmp(packet, PERSONS))
    with pytest.raises(MetadataError, match="could not be read back"):
        embed(path, OURS)
    assert path.read_bytes() == PICTURES["jpeg"]()


def test_damaged_xmp_in_a_photo_is_refused_by_name(tmp_path: Path) -> None:
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<a>")
    before = with_segments(encode(drawing(), "JPEG"), xmp)
    path = file_of(tmp_path, before)
    for use in (read_embedded, clear_embedded, lambda path: embed(path, OURS)):
        with pytest.raises(MetadataError, match="photo: its XMP is not well-formed"):
            use(path)
    assert path.read_bytes() == before


@given(
    st.sampled_from([*PICTURES, "exif", "iptc"]),
    st.lists(st.tuples(st.integers(0, 700), st.binary(min_size=1, max_size=4)), max_size=3),
    st.integers(0, 1500),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mutated_photo_is_edited_or_refused(
    tmp_path: Path, name: str, mutations: list[tuple[int, bytes]], length: int
) -> None:
    special = {"exif": exif_jpeg(b"Rex in 1998\0"), "iptc": iptc_jpeg(TITLE)}
    path = file_of(tmp_path, special[name] if name in special else PICTURES[name]())
    embed(path, APPENDED)
    damaged = bytearray(path.read_bytes())
    for at, new in mutations:
        damaged[at : at + len(new)] = new
    path.write_bytes(damaged[:length] if length > 750 else damaged)
    _try_all(path)


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBP"]), st.binary())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_are_edited_or_refused(tmp_path: Path, head: bytes, rest: bytes) -> None:
    _try_all(file_of(tmp_path, head + rest))


def _try_all(path: Path) -> None:
    uses = (read_embedded, partial(embed, writing=PERSONS), clear_embedded)
    for use in uses:
        with suppress(MetadataError):
            use(path)


@pytest.mark.parametrize("writing", [OURS, PERSONS, APPENDED])
@pytest.mark.parametrize("name", WITH_EXIF)
def test_exif_says_what_xmp_says(name: str, writing: Writing, tmp_path: Path) -> None:
    path = file_of(tmp_path, WITH_EXIF[name](None))
    embed(path, writing)
    assert writing.text.encode() + b"\0" in path.read_bytes()  # XMP has no zero after it
