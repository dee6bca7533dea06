"""Descriptions within a photo: its XMP, and its EXIF and IPTC-IIM where it has them.

The picture is not decoded: all bytes but those of the blocks that change are copied. JPEG, PNG and
WebP by content; what a file's suffix says does not matter.

Source: Metadata Working Group, Guidelines 2.0, 5.4 "Description": ImageDescription and
Caption-Abstract are kept in step with dc:description.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from showtell.errors import MetadataError
from showtell.files import write_atomically
from showtell.metadata import iim, jpeg, png, tiff, webp
from showtell.metadata.blocks import Blocks, Container
from showtell.metadata.description import Description, Writing, said
from showtell.metadata.naming import naming_photo, read_bytes
from showtell.metadata.xmp import clear_xmp, merge_xmp, read_xmp

CONTAINERS: tuple[Container, ...] = (jpeg, png, webp)
HEAD_BYTES = 64
NOTHING = Description(text=None, alt_text=None, writer=None, caption=None, confidence=None)


class Field(Protocol):
    """A description in a block other than XMP."""

    def read(self, block: bytes) -> str | None:
        """The description; None where there is none, or the block is damaged."""
        ...

    def write(self, block: bytes, text: str) -> bytes:
        """Put one in, in place of what was there."""
        ...

    def remove(self, block: bytes) -> bytes:
        """Take it out."""
        ...


def can_embed(data: bytes) -> bool:
    """Tell by content whether a file is of a format that descriptions can be embedded in.

    Args:
        data: the file, or its first 12 bytes.
    """
    return _container(data) is not None


def takes_metadata(path: Path) -> bool:
    """Tell whether descriptions can be embedded in a file; a film of gigabytes is not read for it.

    Raises:
        MetadataError: a device or pipe.
        OSError: it cannot be read.
    """
    return can_embed(read_bytes(path, at_most=HEAD_BYTES))


def read_embedded(path: Path) -> Description | None:
    """Read what a photo says of itself: its XMP, else its EXIF, else its IPTC-IIM.

    Returns:
        None for a format that descriptions cannot be embedded in.

    Raises:
        MetadataError: the file or its XMP is damaged; the message names the file.
        OSError: it cannot be read.
    """
    found = _load(path)
    if found is None:
        return None
    data, container = found
    with naming_photo(path):
        return _described(container.read(data))


def embed(path: Path, writing: Writing, *, instead_of_ours: bool = False) -> None:
    """Put a description into a photo.

    XMP is merged (see `merge_xmp`). EXIF and IPTC-IIM follow where the file has such a block, with
    no description in it, or ours, or the one that `read_embedded` gives. The new file is read back
    before it replaces the old, and keeps its permissions.

    Args:
        instead_of_ours: take out what we wrote before, in the same step.

    Raises:
        MetadataError: another format, a damaged file, or no room; the file is left as it is.
        OSError: it cannot be read or written.
    """
    data = read_bytes(path)
    with naming_photo(path):
        container = _container(data)
        if container is None:
            raise MetadataError("not a JPEG, PNG or WebP file: write an XMP sidecar instead")
        old = container.read(data)
        if instead_of_ours:
            old = _cleared(old, container.MAX_BLOCK)
        new = container.write(data, _merged(old, writing, container.MAX_BLOCK))
        said_now = _described(container.read(new))
        if (said_now.text, said_now.caption) != (writing.text, writing.caption):
            raise MetadataError("the description could not be read back; nothing was written")
    if new != data:
        write_atomically(path, new, keep_all=True)


def clear_embedded(path: Path) -> bool:
    """Take out of a photo what we wrote, and nothing else.

    Returns:
        Whether there was anything of ours; never in a format that we do not embed in.

    Raises:
        MetadataError: the file or its XMP is damaged; the file is left as it is.
        OSError: it cannot be read or written.
    """
    found = _load(path)
    if found is None:
        return False
    data, container = found
    with naming_photo(path):
        old = container.read(data)
        new = container.write(data, _cleared(old, container.MAX_BLOCK))
        if _described(container.read(new)).caption is not None:
            raise MetadataError("our caption could not be taken out; nothing was written")
    if new != data:
        write_atomically(path, new, keep_all=True)
    return new != data


def _load(path: Path) -> tuple[bytes, Container] | None:
    """Read a photo and tell its container; another format is not read beyond its first bytes."""
    if not takes_metadata(path):
        return None
    data = read_bytes(path)
    container = _container(data)
    return (data, container) if container else None


def _container(data: bytes) -> Container | None:
    return next((container for container in CONTAINERS if container.holds(data)), None)


def _described(blocks: Blocks) -> Description:
    found = NOTHING if blocks.xmp is None else read_xmp(blocks.xmp)
    if found.text is None and blocks.exif is not None:
        found = replace(found, text=said(tiff.read(blocks.exif)))
    if found.text is None and blocks.photoshop is not None:
        found = replace(found, text=said(iim.read(blocks.photoshop)))
    return found


def _merged(blocks: Blocks, writing: Writing, max_block: int) -> Blocks:
    before = _described(blocks)

    def follow(field: Field, block: bytes) -> bytes:
        text = field.read(block)
        if text is not None and (said(text) is None or text not in (before.text, before.caption)):
            return block  # a camera's, or a person's other words
        new = field.write(block, writing.text)
        if len(new) <= max_block and field.read(new) is not None:
            return new
        stays = text is not None and text != before.caption and text in writing.text
        return block if stays else field.remove(block)  # a person's words, or none to contradict

    return _followed(blocks, merge_xmp(blocks.xmp, writing), follow)


def _cleared(blocks: Blocks, max_block: int) -> Blocks:
    before = _described(blocks)

    def follow(field: Field, block: bytes) -> bytes:
        text = field.read(block)
        if before.caption is None or text not in (before.text, before.caption) or text is None:
            return block
        if text == before.caption or before.persons_text is None:
            return field.remove(block)
        new = field.write(block, before.persons_text)
        return new if len(new) <= max_block else field.remove(block)

    xmp = None if blocks.xmp is None else clear_xmp(blocks.xmp)
    return _followed(blocks, xmp, follow)


def _followed(blocks: Blocks, xmp: bytes | None, follow: Callable[[Field, bytes], bytes]) -> Blocks:
    exif, photoshop = blocks.exif, blocks.photoshop
    return Blocks(
        xmp=xmp,
        exif=None if exif is None else follow(tiff, exif),
        photoshop=None if photoshop is None else follow(iim, photoshop),
    )
