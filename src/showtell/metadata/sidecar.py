"""XMP sidecars: packets in files of their own beside a photo, which is not touched.

Source: XMP specification part 3, 1.2 "External storage"; the names are those that photo programs
look for.
"""

from pathlib import Path

from showtell.files import is_file, write_atomically
from showtell.metadata.description import Description, Writing
from showtell.metadata.naming import naming_photo, read_bytes
from showtell.metadata.xmp import clear_xmp, merge_xmp, read_xmp

SUFFIX = ".xmp"


def existing_xmp_sidecar(photo: Path) -> Path | None:
    """Find the XMP sidecar that a photo has: first by its full name, then by its stem.

    The suffix may be written in capitals.
    """
    names = (photo.name, photo.stem)
    paths = (photo.with_name(name + s) for name in names for s in (SUFFIX, SUFFIX.upper()))
    return next((path for path in paths if path != photo and is_file(path)), None)


def read_sidecar(path: Path) -> Description:
    """Read what a sidecar says.

    Raises:
        MetadataError: not an XMP packet; the message names the file.
        OSError: it cannot be read.
    """
    with naming_photo(path):
        return read_xmp(read_bytes(path))


def write_sidecar(path: Path, writing: Writing) -> None:
    """Merge a description into a sidecar, or make one; see `merge_xmp`.

    Raises:
        MetadataError: what is there is not an XMP packet, and is left as it is.
        OSError: it cannot be read or written.
    """
    with naming_photo(path):
        old = read_bytes(path) if path.exists() else None
        new = merge_xmp(old or None, writing)  # an empty file is none
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
