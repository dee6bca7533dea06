"""The metadata blocks of a picture file, whatever the file's format."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Each block as its own standard lays it out; None where the file has none."""

    xmp: bytes | None = None  # a packet
    exif: bytes | None = None  # a TIFF structure, "Exif\0\0" before it where the file has that
    photoshop: bytes | None = None  # image resources, IPTC-IIM among them; JPEG only


class Container(Protocol):
    """A file format as the one place that knows where its files keep their blocks."""

    MAX_BLOCK: int  # bytes of an EXIF or Photoshop block

    def holds(self, data: bytes) -> bool:
        """Tell by its first bytes whether a file is of this format."""
        ...

    def read(self, data: bytes) -> Blocks:
        """Find the blocks.

        Raises:
            MetadataError: damaged, or cut off before the picture.
        """
        ...

    def write(self, data: bytes, blocks: Blocks) -> bytes:
        """Give a file other blocks; what did not change stays as it is, byte for byte.

        XMP may be new or None; EXIF and Photoshop blocks are there in both or in neither.

        Raises:
            MetadataError: damaged, or the XMP finds no place in it.
        """
        ...
