"""Messages that begin with the file that they are about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from showtell.errors import MetadataError


@contextmanager
def naming_photo(path: Path) -> Iterator[None]:
    """Begin the message of a `MetadataError` of the block with the file that it is about."""
    try:
        yield
    except MetadataError as error:
        raise MetadataError(f"{path}: {error}") from error
