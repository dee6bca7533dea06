"""By what a file that has changed is known."""

from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """A file's size and time."""

    size: int  # bytes
    mtime_ns: int


def stamp_of(source: Path | bytes) -> Stamp | None:
    """Give a file's stamp; None if it cannot be had, and of bytes."""
    if isinstance(source, bytes):
        return None
    try:
        status = source.stat()
    except (OSError, ValueError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns)
