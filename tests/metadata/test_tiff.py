"""ImageDescription: put in and taken out while everything else stays where it is."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from showtell.metadata import tiff

from .pictures import MAKER_NOTE, THUMBNAIL, tiff_block

LONG = "A brown dog runs through the grass."
BOTH_ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def by_pillow(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


def thumbnail(block: bytes, order: str) -> bytes:
    """What IFD1, the directory after IFD0, points to with its two entries."""

    def number(kind: str, at: int) -> int:
        return struct.unpack_from(order + kind, block, at)[0]

    ifd0 = number("I", 4)
    ifd1 = number("I", ifd0 + 2 + 12 * number("H", ifd0))
    offset, length = number("I", ifd1 + 2 + 8), number("I", ifd1 + 2 + 12 + 8)
    return block[offset : offset + length]


@BOTH_ORDERS
def test_a_description_that_is_there_is_read(order: str) -> None:
    assert tiff.read(tiff_block(b"Rex in 1998\0", order=order)) == "Rex in 1998"


def test_a_block_without_a_description_says_nothing() -> None:
    assert tiff.read(tiff_block()) is None


def test_bytes_that_are_not_utf_8_are_latin_1() -> None:
    assert tiff.read(tiff_block("Café Müller\0".encode("latin-1"))) == "Café Müller"
    assert tiff.read(tiff_block("Café Müller\0".encode())) == "Café Müller"


@BOTH_ORDERS
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("text", [LONG, "Rex", "x", "Müller 🐶\nsecond line"])
def test_a_written_description_is_read_back(order: str, prefix: bytes, text: str) -> None:
    block = tiff.write(prefix + tiff_block(order=order), text)
    assert block.startswith(prefix)
    assert tiff.read(block) == text


@BOTH_ORDERS
def test_nothing_before_the_end_moves(order: str) -> None:
    before = tiff_block(order=order)
    after = tiff.write(before, LONG)
    assert after[:4] + after[8 : len(before)] == before[:4] + before[8:]
    exif = by_pillow(after)
    assert exif[0x010F] == "Acme!"
    assert exif.get_ifd(0x8769)[0x927C] == MAKER_NOTE
    assert thumbnail(after, order) == THUMBNAIL


@BOTH_ORDERS
def test_removing_what_was_written_gives_back_the_very_bytes(order: str) -> None:
    for before in (tiff_block(order=order), tiff_block(order=order) + b"odd"):
        assert tiff.remove(tiff.write(before, LONG)) == before


def test_writing_again_does_not_let_the_block_grow() -> None:
    once = tiff.write(tiff_block(), LONG)
    assert tiff.write(tiff.write(once, "short"), LONG) == once


def test_a_description_of_another_program_is_replaced() -> None:
    block = tiff.write(tiff_block(b"Rex in 1998\0"), LONG)
    assert tiff.read(block) == LONG
    assert tiff.read(tiff.remove(block)) is None
    assert by_pillow(tiff.remove(block))[0x010F] == "Acme!"


def test_a_description_of_another_program_is_removed_in_place() -> None:
    before = tiff_block(b"Rex in 1998\0")
    after = tiff.remove(before)
    assert len(after) == len(before)
    assert b"Rex" not in after
    exif = by_pillow(after)
    assert 0x010E not in exif
    assert exif[0x0112] == 6
    assert exif.get_ifd(0x8769)[0x927C] == MAKER_NOTE
    assert thumbnail(after, "<") == THUMBNAIL


def test_a_directory_that_another_program_changed_is_not_undone() -> None:
    written = tiff.write(tiff_block(), LONG)
    ifd0 = int.from_bytes(written[4:8], "little")
    orientation = ifd0 + 2 + 2 * 12 + 8  # value of the third entry
    turned = written[:orientation] + b"\1" + written[orientation + 1 :]
    assert by_pillow(turned)[0x0112] == 1
    removed = tiff.remove(turned)
    assert tiff.read(removed) is None
    assert by_pillow(removed)[0x0112] == 1


def test_what_another_program_appended_after_us_is_not_cut_off() -> None:
    written = tiff.write(tiff_block(), LONG) + b"something that an Exif IFD points to"
    assert tiff.remove(written).endswith(b"something that an Exif IFD points to")
    assert LONG.encode() not in tiff.remove(written)


def test_entries_stay_in_the_order_of_their_tags() -> None:
    written = tiff.write(tiff_block(), LONG)
    at = int.from_bytes(written[4:8], "little") + 2
    in_order = [int.from_bytes(written[at + 12 * i :][:2], "little") for i in range(4)]
    assert in_order == [0x010E, 0x010F, 0x0112, 0x8769]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"Exif\0\0",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\0\0\0\0" + bytes(20),
        b"II*\0\x08\0\0\0\xff\xff",
        tiff_block()[:40],
    ],
)
def test_a_damaged_block_says_nothing_and_is_never_changed(damaged: bytes) -> None:
    assert tiff.read(damaged) is None
    assert tiff.write(damaged, LONG) == damaged
    assert tiff.remove(damaged) == damaged


@pytest.mark.parametrize("count", [b"\xff\xff\xff\xff", b"\xff\xff\0\0"])
def test_a_value_that_ends_after_the_block_says_nothing(count: bytes) -> None:
    block = bytearray(tiff_block(b"Rex in 1998\0"))
    block[14:18] = count
    assert tiff.read(bytes(block)) is None


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4))
def test_a_mutated_block_is_edited_or_left(mutations: list[tuple[int, int]]) -> None:
    block = bytearray(tiff.write(tiff_block(), LONG))
    for at, value in mutations:
        block[at] = value
    tiff.read(bytes(block))
    tiff.remove(bytes(block))
    written = tiff.write(bytes(block), "Rex")
    assert written == bytes(block) or tiff.read(written) == "Rex"


def test_a_block_that_pillow_wrote_is_edited() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=exif)
    assert by_pillow(tiff.write(exif.tobytes(), LONG))[0x010E] == LONG


def test_entries_in_the_wrong_order_come_back_as_they_were() -> None:
    entries = b"".join(
        struct.pack("<HHII", tag, 3, 1, value) for tag, value in ((0x0112, 1), (0x0106, 2))
    )
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4)
    written = tiff.write(block, "A dog.")
    assert tiff.read(written) == "A dog."
    assert tiff.remove(written) == block
    assert tiff.write(written, "A dog.") == written
