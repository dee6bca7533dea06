"""Files read for their metadata, and messages that begin with the file that they are about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from showtell.errors import MetadataError
from showtell.files import naming


def read_bytes(path: Path, *, at_most: int = -1) -> bytes:
    """Read a file whole, or its first bytes.

    Raises:
        MetadataError: a device or pipe, which might never end.
        OSError: it cannot be read.
    """
    with naming(path):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise MetadataError(f"{path}: a device or pipe, not a file")
        with path.open("rb") as file:
            return file.read(at_most)


@contextmanager
def naming_photo(path: Path) -> Iterator[None]:
    """Begin the message of a `MetadataError` of the block with the file that it is about."""
    try:
        yield
    except MetadataError as error:
        raise MetadataError(f"{path}: {error}") from error
