"""Writing files whole or not at all."""

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from showtell.files import remove_leftovers, replacing, sha256_hex, to_json, write_atomically


def test_the_content_is_written_and_parents_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.bin"
    write_atomically(path, b"\0content")
    assert path.read_bytes() == b"\0content"
    assert list(path.parent.iterdir()) == [path]


def test_old_content_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_atomically(path, b"a long old content")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_bytes)
        write_atomically(pipe, b"content")
        assert read.result() == b"content"
    assert pipe.is_fifo()
    with pytest.raises(OSError, match="No space left"):
        write_atomically(Path("/dev/full"), b"content")


def test_a_folder_is_no_place_to_write(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, b"content")


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("existing", [True, False])
def test_a_full_disk_leaves_the_old_content_and_no_temporary_file(
    step: str, existing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file.txt"
    if existing:
        path.write_bytes(b"old")
    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(OSError, match=r"No space left.*file\.txt"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([b"old"] if existing else [])


def test_an_interrupt_while_writing_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_writer_killed_before_the_rename_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    code = (
        "import os, sys; from pathlib import Path; from showtell.files import write_atomically\n"
        "os.fsync = lambda _: os._exit(9)\n"  # gone at once: no `finally` runs
        "write_atomically(Path(sys.argv[1]), b'new')\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    assert path.read_bytes() == b"old"


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """What a process leaves that is killed while it writes `photo.jpg`."""
    code = (
        "import os, sys; from pathlib import Path; from showtell.files import write_atomically\n"
        "os.fsync = lambda _: os._exit(9)\n"
        "write_atomically(Path(sys.argv[1]), b'a copy of a photo')\n"
    )
    path = tmp_path / "photo.jpg"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    (leftover,) = tmp_path.iterdir()
    return leftover


def old_name(process: int) -> str:
    """As versions that did not note the computer called a temporary file."""
    return f".showtell-{process}-{'0' * 12}.tmp"


def test_what_a_killed_process_left_goes_at_the_next_write_into_its_folder(killed: Path) -> None:
    before = killed.with_name(old_name(int(killed.name.split("-")[1])))
    before.touch()
    write_atomically(killed.with_name("another.jpg"), b"new")
    assert [path.name for path in killed.parent.iterdir()] == ["another.jpg"]


def of_another_computer(leftover: Path) -> Path:
    _, _, computer, _ = leftover.name.split("-")
    return leftover.with_name(leftover.name.replace(computer, "f" * 8))


def test_only_our_own_leftovers_are_removed(killed: Path) -> None:
    others = [".mine.tmp", ".showtell-notes.tmp", "showtell.tmp", f"{killed.name}.bak"]
    running = [old_name(os.getppid()), of_another_computer(killed).name]
    folder = killed.with_name(old_name(0))
    for name in (*others, *running):
        killed.with_name(name).touch()
    folder.mkdir()
    remove_leftovers(killed.parent)
    left = {path.name for path in killed.parent.iterdir()}
    assert left == {*others, *running, folder.name}


def test_another_computers_leftover_goes_when_it_is_a_day_old(killed: Path) -> None:
    theirs = killed.rename(of_another_computer(killed))
    remove_leftovers(theirs.parent)
    assert theirs.exists()
    os.utime(theirs, (0, 0))
    remove_leftovers(theirs.parent)
    assert not theirs.exists()


def test_a_file_in_the_writing_is_no_leftover(tmp_path: Path) -> None:
    with replacing(tmp_path / "file.txt") as file:
        remove_leftovers(tmp_path)
        file.write(b"whole")
    assert (tmp_path / "file.txt").read_bytes() == b"whole"


def test_an_earlier_process_of_our_number_is_not_taken_for_us(tmp_path: Path) -> None:
    leftover = tmp_path / old_name(os.getpid())  # in a container every run may have the same
    leftover.touch()
    remove_leftovers(tmp_path)
    assert not leftover.exists()


def test_a_folder_that_is_not_there_has_no_leftovers(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "gone")


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomically(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_indented_utf_8_with_a_final_newline() -> None:
    data = to_json({"caption": "a café", "n": [1]})
    assert data.endswith(b"}\n")
    assert "café".encode() in data
    assert b'\n  "caption"' in data
    assert json.loads(data) == {"caption": "a café", "n": [1]}


def test_sha256_is_the_published_one() -> None:
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_hex(b"abc") == expected
