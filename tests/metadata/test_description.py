"""Whose words they are, and how long an alt text may be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.errors import MetadataError
from showtell.metadata.description import (
    ALT_TEXT_LENGTH,
    Description,
    Writing,
    clean,
    cut_at_word,
    said,
)

CAPTION = "A dog runs."


def described(text: str | None, caption: str | None = CAPTION) -> Description:
    return Description(text=text, alt_text=None, writer=None, caption=caption, confidence=None)


def test_a_text_that_equals_our_caption_is_ours() -> None:
    assert not described(CAPTION).by_person
    assert described(CAPTION).persons_text is None


def test_a_text_beside_no_caption_of_ours_is_a_persons() -> None:
    assert described(CAPTION, caption=None).by_person
    assert described(CAPTION, caption=None).persons_text == CAPTION


def test_no_text_is_nobodys() -> None:
    assert not described(None).by_person
    assert described(None).persons_text is None


def test_a_text_edited_afterwards_is_a_persons_as_a_whole() -> None:
    assert described("A dog runs. It is Rex.").persons_text == "A dog runs. It is Rex."


@pytest.mark.parametrize("text", ["Rex\nin 1998\nA dog runs.", "A dog runs.\nRex\nin 1998"])
def test_our_first_or_last_line_is_taken_from_a_persons_words(text: str) -> None:
    assert described(text).by_person
    assert described(text).persons_text == "Rex\nin 1998"


def test_a_blank_line_beside_ours_is_nobodys() -> None:
    assert not described(f" \n{CAPTION}").by_person


def test_a_short_text_is_not_cut() -> None:
    assert cut_at_word("a dog runs", 10) == "a dog runs"


@pytest.mark.parametrize(
    ("limit", "expected"), [(9, "a dog…"), (6, "a dog…"), (5, "a…"), (2, "a…"), (1, "…")]
)
def test_a_long_text_is_cut_at_a_word(limit: int, expected: str) -> None:
    assert cut_at_word("a dog runs", limit) == expected


def test_a_word_that_is_too_long_is_cut_within() -> None:
    assert cut_at_word("extraordinary", 6) == "extra…"


@given(st.text(), st.integers(1, 40))
def test_a_cut_text_keeps_the_limit_and_begins_as_the_text_does(text: str, limit: int) -> None:
    cut = cut_at_word(text, limit)
    assert len(cut) <= limit
    assert cut == text or text.startswith(cut.removesuffix("…"))


def test_an_alt_text_is_our_sentence_and_not_the_persons_words_before_it() -> None:
    writing = Writing(text=f"Rex\n{CAPTION}", caption=CAPTION, writer="w", confidence=None)
    assert writing.alt_text == CAPTION


def test_an_alt_text_is_at_most_250_characters() -> None:
    writing = Writing(text="word " * 100, caption=None, writer="w", confidence=None)
    assert len(writing.alt_text) == ALT_TEXT_LENGTH == 250
    assert writing.alt_text.endswith("word…")


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA         ",
        "SONY DSC",
        r"DCIM\100MEDIA\DJI_0001.JPG",
        "KODAK Digital Still Camera",
        "MINOLTA DIGITAL CAMERA",
        "DIGITAL CAMERA",
        "SAMSUNG CAMERA PICTURES",
        "Default",
        "Exif_JPEG_PICTURE",
        " \n",
        "",
        None,
    ],
)
def test_what_cameras_write_says_nothing(text: str | None) -> None:
    assert said(text) is None


def test_a_caption_of_a_camera_says_something() -> None:
    assert said("Digital camera on a table") is not None


def test_characters_that_xml_cannot_hold_are_dropped() -> None:
    assert clean("a\0b\x1fc\ud800d\uffff\te") == "abcd\te"


def test_line_breaks_of_all_systems_become_newlines() -> None:
    assert clean("a\r\nb\rc\n") == "a\nb\nc\n"


@pytest.mark.parametrize("text", ["", " ", "\0", "SONY DSC"])
def test_a_text_that_says_nothing_is_not_written(text: str) -> None:
    with pytest.raises(MetadataError, match="must say something"):
        Writing(text=text, caption=None, writer="w", confidence=None)


@pytest.mark.parametrize("caption", ["", "A cat.", "runs."])
def test_a_caption_that_could_not_be_told_from_the_rest_is_not_written(caption: str) -> None:
    with pytest.raises(MetadataError, match="first line or the last line"):
        Writing(text=CAPTION, caption=caption, writer="w", confidence=None)


@pytest.mark.parametrize("confidence", [math.nan, math.inf])
def test_a_confidence_that_is_no_number_is_not_written(confidence: float) -> None:
    with pytest.raises(MetadataError, match="finite"):
        Writing(text=CAPTION, caption=CAPTION, writer="w", confidence=confidence)
