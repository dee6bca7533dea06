"""Sidecars: merged, and gone when nothing is left."""

from pathlib import Path

import pytest

from showtell.errors import MetadataError
from showtell.metadata.sidecar import clear_sidecar, read_sidecar, write_sidecar

from .dialects import LIGHTROOM
from .pictures import CAPTION, OURS, PERSONS


def test_a_new_sidecar_is_removed_when_it_is_cleared(tmp_path: Path) -> None:
    path = tmp_path / "IMG.jpg.xmp"
    write_sidecar(path, OURS)
    assert read_sidecar(path).text == CAPTION
    assert clear_sidecar(path)
    assert list(tmp_path.iterdir()) == []


def test_a_sidecar_of_another_program_is_merged_into_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "IMG.xmp"
    path.write_bytes(LIGHTROOM.encode())
    write_sidecar(path, OURS)
    assert b'crs:Exposure2012="+0.35"' in path.read_bytes()
    assert clear_sidecar(path)
    assert path.read_bytes() == LIGHTROOM.encode()


def test_a_sidecar_without_anything_of_ours_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "IMG.xmp"
    write_sidecar(path, PERSONS)
    before = path.stat()
    assert not clear_sidecar(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "IMG.xmp"
    path.touch()
    write_sidecar(path, OURS)
    assert read_sidecar(path).text == CAPTION


def test_what_is_no_packet_is_refused_by_name_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "IMG.xmp"
    path.write_bytes(b"<a>")
    for use in (read_sidecar, clear_sidecar, lambda path: write_sidecar(path, OURS)):
        with pytest.raises(MetadataError, match=r"IMG\.xmp: .*not well-formed"):
            use(path)
    assert path.read_bytes() == b"<a>"


def test_a_sidecar_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"IMG\.xmp"):
        read_sidecar(tmp_path / "IMG.xmp")
