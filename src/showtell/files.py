"""Writing files so that a kill at any moment leaves the old content or the new, never a half."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary name beside `path`, flush to disk, rename over it.

    A link is followed, and what is no file, such as a pipe or a device, is written to as it is.

    Raises:
        OSError: a full disk, say; its `filename` is that of the file in the writing.
    """
    with naming(path):
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a folder refuses
            return
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(path, data)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an `OSError` of the block that names no file name this one: a full disk names none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _write_and_rename(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def to_json(value: Any) -> bytes:
    """Readable UTF-8 JSON with a final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


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
