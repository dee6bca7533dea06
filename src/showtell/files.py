"""Writing files so that a kill at any moment leaves the old content or the new, never a half."""

import hashlib
import os
import platform
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from showtell.printable import json_text

# Of a temporary file: the process and the computer that write it, the hash of what it is for.
_TEMPORARY = re.compile(r"\.showtell-(\d+)-(?:([0-9a-f]{8})-)?[0-9a-f]{12}\.tmp")
_ABANDONED_S = 86_400  # age of another computer's temporary file that nobody writes any more
_in_writing: set[Path] = set()  # temporary files of this process
MOST_PACKED = 100  # times that a file of a zip may be larger than it is packed


def write_atomically(path: Path, data: bytes, *, keep_all: bool = False) -> None:
    """Write to a temporary name beside `path`, flush to disk, rename over it.

    A link is followed, permissions are kept, and what is no file, such as a pipe or a device, is
    written to as it is.

    Args:
        keep_all: the old file's times, owner and extended attributes too, as far as they may be.

    Raises:
        OSError: a full disk, say; its `filename` is that of the file in the writing.
    """
    with replacing(path, keep_all=keep_all) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, keep_all: bool = False) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes the place of `path` when the block ends well.

    Raises:
        OSError: as `write_atomically`.
    """
    with naming(path, always=True):  # and not the temporary file
        if path.exists() and not path.is_file():
            with path.open("wb") as device:  # a folder refuses
                yield device
            return
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        _tidy_once(path.parent)
        temporary = path.with_name(_temporary_name(path.name))
        _in_writing.add(temporary)
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, temporary)
                if keep_all:
                    _copy_all(path, temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
            _in_writing.discard(temporary)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes of ours that were killed while they wrote.

    What is no temporary file of ours, or may still be in the writing, stays. So does what cannot be
    removed.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _TEMPORARY.fullmatch(entry.name)]
        for path in (folder.resolve() / name for name in names):
            with suppress(OSError):
                if not _may_be_in_writing(path):
                    path.unlink()


@cache
def _tidy_once(folder: Path) -> None:
    remove_leftovers(folder)


def _may_be_in_writing(temporary: Path) -> bool:
    found = _TEMPORARY.fullmatch(temporary.name)
    assert found
    process, computer = int(found[1]), found[2] or _computer()
    if computer != _computer():  # on a network drive, or in a container
        return time.time() - temporary.stat().st_mtime < _ABANDONED_S
    if process == os.getpid():  # perhaps an earlier process of the same number
        return temporary in _in_writing
    return _is_running(process)


def _is_running(process: int) -> bool:
    if sys.platform == "win32":  # where a file that is open cannot be removed, and `kill` kills
        return False
    if process == 0:  # to `kill`, we and our children
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        pass
    return True


@cache
def _computer() -> str:
    return sha256_hex(platform.node().encode())[:8]


def _copy_all(old: Path, new: Path) -> None:
    with suppress(OSError):  # another's file, a disk without attributes
        shutil.copystat(old, new)
    if sys.platform != "win32":
        status = old.stat()
        with suppress(OSError):
            os.chown(new, status.st_uid, status.st_gid)


def _temporary_name(name: str) -> str:
    """Name a hidden file; no longer than the name it stands for may be."""
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
    return f".showtell-{os.getpid()}-{_computer()}-{digest}.tmp"


@contextmanager
def naming(path: Path, *, always: bool = False) -> Iterator[None]:
    """Let an `OSError` of the block that names no file name this one: a full disk names none."""
    try:
        yield
    except OSError as error:
        if always or not error.filename:
            error.filename = str(path)
        raise


def is_file(path: Path) -> bool:
    """Tell whether a file is there; `Path.is_file` fails on a name that is too long for one."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_member(archive: zipfile.ZipFile, name: str, *, at_most: int) -> bytes:
    """Read a file of a zip, never more of it than is allowed, whatever the zip says.

    Args:
        at_most: bytes, unpacked.

    Raises:
        KeyError: it is not there.
        ValueError: it is larger, shrinks as no honest file does, or is packed by a method whose
            output cannot be bounded.
    """
    member = archive.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is neither stored nor deflated")
    if member.file_size > min(at_most, MOST_PACKED * member.compress_size + 2**20):
        raise ValueError(f"{name} is too large ({member.file_size} bytes unpacked)")
    with archive.open(member) as file:
        return file.read(member.file_size + 1)


def to_json(value: Any) -> bytes:
    """Readable UTF-8 JSON with a final newline."""
    return (json_text(value, indent=2) + "\n").encode()


def sha256_hex(data: bytes) -> str:
    """Hex sha256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def lock(file: IO[bytes], *, wait: bool = True) -> None:
    """Keep other processes from locking an open file until it is closed.

    Raises:
        BlockingIOError: another process holds it, and `wait` is false.
    """
    if sys.platform != "win32":  # on Windows it is up to the user not to start two
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
