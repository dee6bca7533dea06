"""Sentences without photos, from a file."""

import gzip
from pathlib import Path

import pytest

from showtell.data.text import read_text
from showtell.errors import DataError
from showtell.files import sha256_hex

SENTENCES = "A zebra stands in the grass.\nTwo cats sleep\n"
TOKENS = (("a", "zebra", "stands", "in", "the", "grass"), ("two", "cats", "sleep"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentences.txt"


def test_every_line_is_a_sentence_as_tokens(path: Path) -> None:
    path.write_text(SENTENCES, encoding="utf-8")
    text = read_text(path)
    assert text.sentences == TOKENS
    assert text.describe() == {
        "name": "sentences.txt",
        "sha256": sha256_hex(SENTENCES.encode()),
        "sentences": 2,
    }


def test_a_gzipped_file_is_the_same_text_whatever_its_name(path: Path) -> None:
    path.write_bytes(gzip.compress(SENTENCES.encode()))
    assert read_text(path).sentences == TOKENS
    assert read_text(path).sha256 == sha256_hex(SENTENCES.encode())


def test_a_mark_of_byte_order_and_line_ends_of_windows_are_no_words(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + SENTENCES.replace("\n", "\r\n").encode())
    assert read_text(path).sentences == TOKENS


def test_a_sentence_that_is_there_again_and_lines_without_words_are_left_out(path: Path) -> None:
    path.write_text(f"\n{SENTENCES}\n...\ntwo cats, sleep!\n   \n", encoding="utf-8")
    assert read_text(path).sentences == TOKENS


def test_a_file_of_no_sentence_is_refused(path: Path) -> None:
    for content in (b"", b"\n \n", gzip.compress(b"")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"sentences\.txt holds no sentence"):
            read_text(path)


def test_what_cannot_be_read_is_named(path: Path, tmp_path: Path) -> None:
    whole = gzip.compress(SENTENCES.encode())
    spoilt = bytearray(whole)
    spoilt[12] ^= 0xFF
    for content in ("Ein Bär".encode("latin-1"), whole[:-9], bytes(spoilt), b"\x1f\x8bno"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot read the text .*sentences\.txt"):
            read_text(path)
    for nothing in (tmp_path / "nowhere.txt", tmp_path):
        with pytest.raises(DataError, match="cannot read the text"):
            read_text(nothing)
