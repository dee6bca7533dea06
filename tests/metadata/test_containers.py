"""JPEG, PNG and WebP: the blocks change, every other byte stays."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from showtell.errors import MetadataError
from showtell.metadata import jpeg, packet, png, webp
from showtell.metadata.blocks import Blocks
from showtell.metadata.description import Writing
from showtell.metadata.embed import embed

from .pictures import (
    chunk,
    drawing,
    encode,
    photoshop_block,
    pixels,
    riff,
    riff_chunks,
    segment,
    tiff_block,
    with_chunks,
    with_segments,
)

XMP = b"<a packet, perhaps>"
JPEG = encode(drawing(), "JPEG")
PNG = encode(drawing(), "PNG")
WEBP = encode(drawing(), "WEBP")
LOSSLESS = encode(drawing("RGBA"), "WEBP", lossless=True)
EXIF = segment(0xE1, b"Exif\0\0" + tiff_block())
MPF = segment(0xE2, b"MPF\0II*\0\x08\0\0\0")
ICC = segment(0xE2, b"ICC_PROFILE\0\1\1 a profile")
COMMENT = segment(0xFE, b"a comment")


def xmp_segment(xmp: bytes) -> bytes:
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)


def itxt(xmp: bytes, *, compressed: bool = False) -> bytes:
    head = b"XML:com.adobe.xmp\0" + (b"\1\0" if compressed else b"\0\0") + b"en\0XMP\0"
    return chunk(b"iTXt", head + (zlib.compress(xmp) if compressed else xmp))


def test_jpeg_xmp_goes_after_jfif_and_exif_and_before_the_rest() -> None:
    written = jpeg.write(
        with_segments(JPEG, EXIF, ICC, COMMENT), Blocks(xmp=XMP, exif=b"Exif\0\0" + tiff_block())
    )
    assert written == with_segments(JPEG, EXIF, xmp_segment(XMP), ICC, COMMENT)


def test_jpeg_xmp_is_replaced_where_it_stands_and_removed() -> None:
    before = with_segments(JPEG, COMMENT, xmp_segment(b"old"), ICC)
    assert jpeg.read(before) == Blocks(xmp=b"old")
    new = with_segments(JPEG, COMMENT, xmp_segment(XMP), ICC)
    assert jpeg.write(before, Blocks(xmp=XMP)) == new
    assert jpeg.write(before, Blocks()) == with_segments(JPEG, COMMENT, ICC)


def test_jpeg_segments_with_fill_bytes_and_what_follows_the_picture_stay() -> None:
    before = with_segments(JPEG, b"\xff\xff" + COMMENT) + b"a motion photo"
    after = jpeg.write(before, Blocks(xmp=XMP))
    assert after == with_segments(JPEG, xmp_segment(XMP), b"\xff\xff" + COMMENT) + b"a motion photo"


def test_jpeg_extended_xmp_is_not_touched() -> None:
    extended = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + b"<more>")
    before = with_segments(JPEG, xmp_segment(b"old"), extended)
    after = with_segments(JPEG, xmp_segment(XMP), extended)
    assert jpeg.write(before, Blocks(xmp=XMP)) == after


def test_jpeg_xmp_keeps_its_length_where_it_is_padded() -> None:
    padded = packet.fit(packet.NEW, 3000)
    longer = padded.replace(b"</rdf:RDF>", b"<!-- longer --></rdf:RDF>")
    before = with_segments(JPEG, xmp_segment(padded))
    after = jpeg.write(before, Blocks(xmp=longer))
    assert len(after) == len(before)
    assert b"<!-- longer -->" in after


def test_jpeg_xmp_that_is_not_padded_is_not_padded_when_it_shrinks() -> None:
    before = with_segments(JPEG, xmp_segment(packet.NEW.replace(b"\n", b"\n<!-- long -->")))
    after = jpeg.write(before, Blocks(xmp=packet.NEW))
    assert after == with_segments(JPEG, xmp_segment(packet.NEW))


def test_jpeg_xmp_drops_its_padding_when_it_would_be_too_long() -> None:
    padded = packet.fit(packet.NEW, 70_000)
    assert jpeg.read(jpeg.write(JPEG, Blocks(xmp=padded))).xmp == packet.fit(packet.NEW, 65_502)


def test_jpeg_xmp_that_is_too_long_is_refused_with_advice() -> None:
    assert jpeg.read(jpeg.write(JPEG, Blocks(xmp=b"x" * 65_502))).xmp == b"x" * 65_502
    with pytest.raises(MetadataError, match=r"65503 bytes.*sidecar"):
        jpeg.write(JPEG, Blocks(xmp=b"x" * 65_503))


def test_jpeg_xmp_goes_before_the_index_of_further_pictures() -> None:
    further = JPEG + b"\xff\xd8 a second picture"
    written = jpeg.write(with_segments(further, MPF), Blocks(xmp=XMP))
    assert written == with_segments(further, xmp_segment(XMP), MPF)


def test_jpeg_xmp_after_the_index_of_further_pictures_must_keep_its_length() -> None:
    before = with_segments(JPEG, MPF, xmp_segment(b"old"))
    assert jpeg.write(before, Blocks(xmp=b"new")) == before.replace(b"old", b"new")
    for changed in (b"longer", None):
        with pytest.raises(MetadataError, match=r"MPF.*sidecar"):
            jpeg.write(before, Blocks(xmp=changed))


def test_jpeg_xmp_after_the_index_grows_into_its_padding() -> None:
    padded = packet.fit(packet.NEW, 3000)
    before = with_segments(JPEG, MPF, xmp_segment(padded))
    longer = packet.NEW.replace(b"</rdf:RDF>", b"<!-- longer --></rdf:RDF>")
    after = jpeg.write(before, Blocks(xmp=longer))
    assert len(after) == len(before)
    assert b"<!-- longer -->" in after


def test_jpeg_exif_after_the_index_of_further_pictures_is_left_if_its_length_changes() -> None:
    before = with_segments(JPEG, MPF, EXIF)
    assert jpeg.write(before, Blocks(exif=b"Exif\0\0 longer" + tiff_block())) == before


def test_jpeg_photoshop_resources_over_several_segments_are_passed_over() -> None:
    block = photoshop_block()
    assert jpeg.read(with_segments(JPEG, segment(0xED, block))).photoshop == block
    assert jpeg.read(with_segments(JPEG, *2 * [segment(0xED, block)])).photoshop is None


@pytest.mark.parametrize("end", [2, 3, 4, 10, 25, 120])
def test_a_jpeg_cut_off_before_its_picture_is_refused(end: int) -> None:
    with pytest.raises(MetadataError, match="damaged JPEG"):
        jpeg.read(JPEG[:end])


@pytest.mark.parametrize("inside", [b"\xff\xe1\0\1", b"\xff\xd9", b"junk", b"\xff\0"])
def test_a_jpeg_with_no_good_segment_is_refused(inside: bytes) -> None:
    with pytest.raises(MetadataError, match="damaged JPEG"):
        jpeg.read(with_segments(JPEG, inside))


def test_png_xmp_goes_before_the_picture_not_compressed() -> None:
    written = png.write(PNG, Blocks(xmp=XMP))
    plain = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    assert written == PNG.replace(PNG[33:41], plain + PNG[33:41])
    assert PNG[37:41] == b"IDAT"
    assert png.write(written, Blocks()) == PNG


@pytest.mark.parametrize("compressed", [True, False])
def test_png_xmp_is_read_and_replaced_where_it_stands(compressed: bool) -> None:
    before = with_chunks(PNG, itxt(b"old", compressed=compressed), chunk(b"tEXt", b"a\0b"))
    assert png.read(before).xmp == b"old"
    assert png.write(before, Blocks(xmp=b"old")) == before
    after = png.write(before, Blocks(xmp=XMP))
    assert png.read(after).xmp == XMP
    assert after.endswith(chunk(b"tEXt", b"a\0b") + PNG[33:])


def test_png_exif_is_replaced_where_it_stands_and_what_follows_the_end_stays() -> None:
    before = with_chunks(PNG, chunk(b"eXIf", b"old")) + b"trailer"
    after = with_chunks(PNG, chunk(b"eXIf", b"longer")) + b"trailer"
    assert png.write(before, Blocks(exif=b"longer")) == after


@pytest.mark.parametrize(
    "damaged",
    [
        PNG[:-1],
        PNG[:8],
        PNG[:33] + chunk(b"IEND", b""),
        PNG[:33] + b"\xff\xff\xff\xff" + PNG[37:],
        with_chunks(PNG, chunk(b"iTXt", b"XML:com.adobe.xmp\0")),
        with_chunks(PNG, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0no more")),
        with_chunks(PNG, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0no zlib")),
        with_chunks(PNG, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)[:-6])),
        with_chunks(PNG, chunk(b"iTXt", b"XML:com.adobe.xmp\0\7\0\0\0")),
    ],
)
def test_a_damaged_png_is_refused(damaged: bytes) -> None:
    with pytest.raises(MetadataError, match="damaged PNG"):
        png.read(damaged)


def test_a_compressed_packet_that_swells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "MAX_SIZE", 1000)
    with pytest.raises(MetadataError, match="far too large"):
        png.read(with_chunks(PNG, itxt(b" " * 1001, compressed=True)))


@pytest.mark.parametrize(
    ("simple", "alpha"), [(WEBP, 0), (LOSSLESS, 0x10)], ids=["lossy", "lossless"]
)
def test_a_simple_webp_gets_a_header_that_announces_xmp_and_loses_it(
    simple: bytes, alpha: int
) -> None:
    written = webp.write(simple, Blocks(xmp=XMP))
    header = struct.pack("<I", 0x04 | alpha) + b"\x2c\0\0\x20\0\0"  # 45 and 33 pixels, less 1
    assert riff_chunks(written) == [(b"VP8X", header), *riff_chunks(simple), (b"XMP ", XMP)]
    assert webp.read(written).xmp == XMP
    assert webp.write(written, Blocks()) == simple


def test_a_webp_with_a_header_keeps_it_and_the_order_of_its_chunks() -> None:
    picture = riff_chunks(WEBP)[0]
    rest = [(b"ICCP", b"abc"), picture, (b"EXIF", b"tiff")]
    header = b"\x28\0\0\0\x2c\0\0\x20\0\0"  # ICC and EXIF
    before = riff((b"VP8X", header), *rest, (b"ABCD", b"unknown"))
    written = webp.write(before, Blocks(xmp=XMP, exif=b"tiff"))
    announced = (b"VP8X", b"\x2c" + header[1:])
    assert written == riff(announced, *rest, (b"ABCD", b"unknown"), (b"XMP ", XMP))
    assert webp.write(written, Blocks(exif=b"tiff")) == before


def test_webp_exif_is_replaced_where_it_stands() -> None:
    header = b"\x08\0\0\0\x2c\0\0\x20\0\0"
    before = riff((b"VP8X", header), *riff_chunks(WEBP), (b"EXIF", b"old"), (b"ABCD", b"x"))
    written = webp.write(before, Blocks(exif=b"longer"))
    assert riff_chunks(written)[2:] == [(b"EXIF", b"longer"), (b"ABCD", b"x")]


def test_what_follows_a_webp_stays() -> None:
    written = webp.write(WEBP + b"trailer", Blocks(xmp=XMP))
    assert written == webp.write(WEBP, Blocks(xmp=XMP)) + b"trailer"
    assert pixels(written) == pixels(WEBP)


@pytest.mark.parametrize(
    "damaged",
    [
        WEBP[:-1],
        WEBP[:12],
        riff(),
        riff((b"ABCD", b"x")),
        WEBP[:16] + b"\xff\xff\xff\x7f" + WEBP[20:],
    ],
)
def test_a_damaged_webp_is_refused(damaged: bytes) -> None:
    with pytest.raises(MetadataError, match="damaged WebP"):
        webp.read(damaged)


@pytest.mark.parametrize(
    "odd",
    [
        riff((b"VP8 ", b"")),
        riff((b"VP8L", b"\x2e\0\0\0\0")),
        riff((b"ABCD", b"x"), *riff_chunks(WEBP)),
        riff((b"VP8X", b"\0"), *riff_chunks(WEBP)),
    ],
)
def test_xmp_is_not_put_into_a_webp_that_does_not_begin_as_one(odd: bytes) -> None:
    with pytest.raises(MetadataError, match="damaged WebP"):
        webp.write(odd, Blocks(xmp=XMP))


@pytest.mark.parametrize("second", [b"VP8 ", b"VP8X", b"VP8L"])
def test_a_webp_of_two_pictures_and_no_header_is_left_as_it_is(
    tmp_path: Path, second: bytes
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "WEBP")
    body = file.getvalue()[8:] + second + (4).to_bytes(4, "little") + b"\0\0\0\0"
    data = b"RIFF" + len(body).to_bytes(4, "little") + body
    path = tmp_path / "photo.webp"
    path.write_bytes(data)
    writing = Writing(text="A dog.", caption="A dog.", writer="showtell 1", confidence=None)
    with pytest.raises(MetadataError, match="more than one picture"):
        embed(path, writing)
    assert path.read_bytes() == data
