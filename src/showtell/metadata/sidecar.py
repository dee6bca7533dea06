"""XMP sidecars: packets in files of their own beside a photo, which is not touched.

Source: XMP specification part 3, 1.2 "External storage"; `showtell.batch.sidecars` says
which one is whose.
"""

from pathlib import Path

from showtell.files import write_atomically
from showtell.metadata.description import Description, Writing
from showtell.metadata.naming import naming_photo, read_bytes
from showtell.metadata.xmp import clear_xmp, merge_xmp, read_xmp

SUFFIX = ".xmp"


def read_sidecar(path: Path) -> Description:
    """Read what a sidecar says.

    Raises:
        MetadataError: not an XMP packet; the message names the file.
        OSError: it cannot be read.
    """
    with naming_photo(path):
        return read_xmp(read_bytes(path))


def write_sidecar(path: Path, writing: Writing, *, instead_of_ours: bool = False) -> None:
    """Merge a description into a sidecar, or make one; see `merge_xmp`.

    Args:
        instead_of_ours: take out what we wrote before, in the same step; see `clear_xmp`.

    Raises:
        MetadataError: what is there is not an XMP packet, and is left as it is.
        OSError: it cannot be read or written.
    """
    with naming_photo(path):
        old = read_bytes(path) if path.exists() else None
        before = old or None  # an empty file is none
        if instead_of_ours and before:
            before = clear_xmp(before)
        new = merge_xmp(before, writing)
    if new != old:
        write_atomically(path, new)


def clear_sidecar(path: Path) -> bool:
    """Take out what we wrote, and remove the file if nothing else was in it; see `clear_xmp`.

    Returns:
        Whether there was anything of ours.

    Raises:
        MetadataError: not an XMP packet; it is left as it is.
        OSError: it cannot be read or written.
    """
    with naming_photo(path):
        old = read_bytes(path)
        new = clear_xmp(old)
    if new is old:
        return False
    if new is None:
        path.unlink()
    else:
        write_atomically(path, new)
    return True
