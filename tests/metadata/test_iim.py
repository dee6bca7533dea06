"""Caption-Abstract: only where a file has IPTC-IIM, among resources that stay."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.metadata import iim

from .pictures import CITY, CREDIT, TITLE, UTF8, dataset, photoshop_block, resource

LONG = "A brown dog runs through the grass."


def caption(value: bytes) -> bytes:
    return dataset(2, 120, value)


def test_a_caption_that_is_there_is_read() -> None:
    assert iim.read(photoshop_block(TITLE, caption(b"Rex"), CREDIT)) == "Rex"


def test_a_block_without_a_caption_says_nothing() -> None:
    assert iim.read(photoshop_block(TITLE)) is None


def test_bytes_that_are_not_utf_8_are_latin_1() -> None:
    assert iim.read(photoshop_block(caption("Café".encode("latin-1")))) == "Café"
    assert iim.read(photoshop_block(UTF8, caption("Café".encode()))) == "Café"


def test_a_carriage_return_is_a_line_break() -> None:
    assert iim.read(photoshop_block(caption(b"Rex\rin 1998"))) == "Rex\nin 1998"


def test_a_caption_stands_among_the_other_datasets_by_its_number() -> None:
    written = iim.write(photoshop_block(UTF8, TITLE, CITY, CREDIT), LONG)
    assert written == photoshop_block(UTF8, TITLE, CITY, caption(LONG.encode()), CREDIT)


def test_a_caption_replaces_all_that_are_there() -> None:
    before = photoshop_block(TITLE, caption(b"Rex"), caption(b"Max"), CREDIT)
    assert iim.write(before, LONG) == photoshop_block(TITLE, caption(LONG.encode()), CREDIT)


def test_removing_what_was_written_gives_back_the_very_bytes() -> None:
    before = photoshop_block(UTF8, TITLE, CREDIT)
    assert iim.remove(iim.write(before, "odd length")) == before


def test_text_beyond_ascii_is_written_only_where_the_block_is_utf_8() -> None:
    assert iim.read(iim.write(photoshop_block(UTF8, TITLE), "Café")) == "Café"
    assert iim.write(photoshop_block(TITLE), "Café") == photoshop_block(TITLE)


@pytest.mark.parametrize("text", ["Café", "word " * 500])
def test_a_caption_that_has_no_place_leaves_no_old_one_to_contradict(text: str) -> None:
    assert iim.write(photoshop_block(TITLE, caption(b"Rex")), text) == photoshop_block(TITLE)


def test_the_digest_follows() -> None:
    digest = hashlib.md5(TITLE + caption(LONG.encode())).digest()
    assert digest in iim.write(photoshop_block(TITLE), LONG)


def test_a_digest_that_was_wrong_stays_wrong() -> None:
    wrong = b"0123456789abcdef"
    written = iim.write(photoshop_block(TITLE, digest=wrong), LONG)
    assert written == photoshop_block(TITLE, caption(LONG.encode()), digest=wrong)


def test_resources_without_iptc_are_left_as_they_are() -> None:
    block = b"Photoshop 3.0\0" + resource(0x03ED, b"resolution")
    assert iim.read(block) is None
    assert iim.write(block, LONG) == block


def test_padding_after_datasets_and_after_resources_stays() -> None:
    block = b"Photoshop 3.0\0" + resource(0x0404, TITLE + b"\0") + b"\0"
    written = iim.write(block, LONG)
    assert written == b"Photoshop 3.0\0" + (
        resource(0x0404, TITLE + caption(LONG.encode()) + b"\0") + b"\0"
    )


@pytest.mark.parametrize("cut", range(15, 60, 4))
def test_a_damaged_block_says_nothing_and_is_never_changed(cut: int) -> None:
    damaged = photoshop_block(TITLE, caption(b"Rex"))[:cut]
    assert iim.read(damaged) is None
    assert iim.write(damaged, LONG) == damaged
    assert iim.remove(damaged) == damaged


@given(st.lists(st.tuples(st.integers(14, 120), st.integers(0, 255)), max_size=4))
def test_a_mutated_block_is_edited_or_left(mutations: list[tuple[int, int]]) -> None:
    block = bytearray(photoshop_block(UTF8, TITLE, caption(b"Rex"), CREDIT))
    for at, value in mutations:
        block[at] = value
    iim.read(bytes(block))
    iim.remove(bytes(block))
    iim.write(bytes(block), LONG)
