"""Lists of paths for `--files-from`, as `find`, editors and Windows write them."""

import codecs
import io
import os
import sys
from pathlib import Path

import click
import pytest

from showtell.cli.path_list import read_paths

NAMES = ["photos/a.jpg", "photos/ä b.jpg"]
LINES = "\n".join(NAMES) + "\n"
CRLF = LINES.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "data",
    [
        LINES.encode(),
        LINES.strip().encode(),  # the last line has no end
        CRLF.encode(),
        codecs.BOM_UTF8 + CRLF.encode(),  # Notepad
        codecs.BOM_UTF16_LE + CRLF.encode("utf-16-le"),  # PowerShell
        codecs.BOM_UTF16_BE + LINES.encode("utf-16-be"),
        CRLF.encode("utf-16-le"),  # cmd /u
        "\0".join(NAMES).encode() + b"\0",  # find -print0
        codecs.BOM_UTF16_LE + "\0".join(NAMES).encode("utf-16-le"),
        f"\n{LINES}\n  \n".encode(),
    ],
)
def test_a_list_is_read_however_it_was_written(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(data)
    assert read_paths(tmp_path / "list") == [Path(name) for name in NAMES]


def test_a_name_with_a_newline_is_one_name_where_nul_ends_it(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"a\nb.jpg\0 \0c.jpg\r\0")
    found = [Path("a\nb.jpg"), Path(" "), Path("c.jpg\r")]
    assert read_paths(tmp_path / "list") == found


def test_no_newline_ends_a_path_where_nul_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"a\r\n.jpg")
    assert read_paths(tmp_path / "list", null=True) == [Path("a\r\n.jpg")]


@pytest.mark.parametrize("end", [b"\n", b"\0"])
def test_bytes_that_are_not_utf_8_stay_as_they_are(tmp_path: Path, end: bytes) -> None:
    (tmp_path / "list").write_bytes(b"caf\xe9.jpg" + end)
    assert read_paths(tmp_path / "list") == [Path(os.fsdecode(b"caf\xe9.jpg"))]


def test_what_parts_lines_elsewhere_is_a_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes("a\u2028b\x0bc.jpg\n".encode())
    assert read_paths(tmp_path / "list") == [Path("a\u2028b\x0bc.jpg")]


def test_a_list_may_come_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.jpg\0b.jpg\0")))
    assert read_paths(Path("-")) == [Path("a.jpg"), Path("b.jpg")]


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match=r"--files-from .*gone: No such file"):
        read_paths(tmp_path / "gone")
