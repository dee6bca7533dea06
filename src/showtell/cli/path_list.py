"""Paths that a file lists, as `find`, an editor or Windows write such lists."""

import codecs
import sys
from pathlib import Path

import click

STDIN = Path("-")


def read_paths(source: Path, *, null: bool = False) -> list[Path]:
    """Read the paths of a file, or of stdin for `-`, in their order.

    A path ends at a newline, before which a carriage return may stand, or at a NUL where the list
    has any, as `find -print0` writes: a name may hold a newline, but no NUL. UTF-8 and UTF-16 with
    or without a byte order mark are read; bytes that are not UTF-8 stay as they are.

    Args:
        null: only a NUL ends a path.

    Raises:
        UsageError: the list cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if source == STDIN else source.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.UsageError(f"--files-from {source}: {why}") from error
    text = _decode(data, null=null)
    if null or "\0" in text:
        return [Path(name) for name in text.split("\0") if name]
    return [Path(line.removesuffix("\r")) for line in text.split("\n") if line.strip()]


def _decode(data: bytes, *, null: bool) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if not null and b"\r\0\n\0" in data:  # what `cmd /u` writes, without a mark
        return data.decode("utf-16-le", "replace")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
