"""Sentences without photos: for which words go together, not for what photos show."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from showtell.errors import DataError
from showtell.files import sha256_hex
from showtell.text import tokenize

_GZIP = b"\x1f\x8b"  # how a gzipped file begins


@dataclass(frozen=True)
class Text:
    """The different sentences of a file, as tokens, in its order."""

    name: str  # of the file
    sha256: str  # of what it holds, unpacked
    sentences: tuple[tuple[str, ...], ...]

    def describe(self) -> dict[str, str | int]:
        """Name the text, for the record of a run that learns from it."""
        return {"name": self.name, "sha256": self.sha256, "sentences": len(self.sentences)}


def read_text(path: Path) -> Text:
    """Read a file of one sentence a line, plain or gzipped.

    Raises:
        DataError: it cannot be read, is not UTF-8, or holds no sentence.
    """
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
        lines = data.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"cannot read the text {path}: {error}") from error
    sentences = tuple(dict.fromkeys(tokens for line in lines if (tokens := tuple(tokenize(line)))))
    if not sentences:
        raise DataError(f"the text {path} holds no sentence")
    return Text(path.name, sha256_hex(data), sentences)
