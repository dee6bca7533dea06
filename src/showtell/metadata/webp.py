"""Where a WebP keeps its metadata: in chunks that a VP8X chunk announces.

A simple file, of one VP8 or VP8L chunk, gets a VP8X chunk with its first metadata, and loses it
with its last, as libwebp does it.

Sources: WebP container specification (RFC 9649), 2; RFC 6386, 9.1 (VP8 frame header); WebP lossless
bitstream specification (RFC 9649, 3), 3.4.
"""

from dataclasses import dataclass

from showtell.errors import MetadataError
from showtell.metadata.blocks import Blocks

MAX_BLOCK = 2**31 - 1  # bytes of a chunk

_ALPHA, _HAS_XMP = 0x10, 0x04  # bits of VP8X's first byte
_PICTURES = (b"VP8 ", b"VP8L", b"ANMF")


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    data: bytes

    @property
    def raw(self) -> bytes:
        padding = b"\0" * (len(self.data) % 2)
        return self.kind + len(self.data).to_bytes(4, "little") + self.data + padding


def holds(data: bytes) -> bool:
    """Tell by its first bytes whether a file is a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read(data: bytes) -> Blocks:
    """Find the blocks; see `Container`. Of several chunks of a kind the first counts."""
    return _blocks(_split(data)[0])


def write(data: bytes, blocks: Blocks) -> bytes:
    """Give a WebP other blocks; see `Container`. New XMP goes last."""
    chunks, rest = _split(data)
    old = _blocks(chunks)
    if blocks == old:
        return data
    if blocks.exif != old.exif and blocks.exif is not None:
        chunks[_find(chunks, b"EXIF")[0]] = _Chunk(b"EXIF", blocks.exif)
    if blocks.xmp != old.xmp:
        chunks = _with_xmp(chunks, blocks.xmp)
    body = b"WEBP" + b"".join(chunk.raw for chunk in chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body + rest


def _split(data: bytes) -> tuple[list[_Chunk], bytes]:
    """All chunks, and what follows them."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise MetadataError(f"damaged WebP ({len(data)} bytes of {end})")
    chunks = []
    at = 12
    while at + 8 <= end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise MetadataError(f"damaged WebP (the chunk at byte {at} ends after the file)")
        chunks.append(_Chunk(data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    if all(chunk.kind not in _PICTURES for chunk in chunks):
        raise MetadataError("damaged WebP (no picture in it)")
    return chunks, data[min(at, end) :]


def _find(chunks: list[_Chunk], kind: bytes) -> list[int]:
    return [i for i, chunk in enumerate(chunks) if chunk.kind == kind]


def _blocks(chunks: list[_Chunk]) -> Blocks:
    xmp, exif = _find(chunks, b"XMP "), _find(chunks, b"EXIF")
    return Blocks(
        xmp=chunks[xmp[0]].data if xmp else None,
        exif=chunks[exif[0]].data if exif else None,
    )


def _with_xmp(chunks: list[_Chunk], xmp: bytes | None) -> list[_Chunk]:
    found = _find(chunks, b"XMP ")
    at = found[0] if found else len(chunks)
    new = [] if xmp is None else [_Chunk(b"XMP ", xmp)]
    changed = [*chunks[:at], *new, *chunks[at + 1 :]]
    return _simple(changed) if xmp is None else _announced(changed)


def _announced(chunks: list[_Chunk]) -> list[_Chunk]:
    """With XMP announced by VP8X."""
    if chunks[0].kind != b"VP8X":
        if any(chunk.kind in (b"VP8X", *_PICTURES) for chunk in chunks[1:]):
            raise MetadataError("damaged WebP (more than one picture, and no header first)")
        return [_extended(chunks[0], _HAS_XMP), *chunks]
    return [_flagged(chunks[0], set_bits=_HAS_XMP), *chunks[1:]]


def _simple(chunks: list[_Chunk]) -> list[_Chunk]:
    """With XMP no longer announced, and without VP8X where it says nothing else."""
    if chunks[0].kind != b"VP8X" or _find(chunks, b"XMP "):
        return chunks
    header = _flagged(chunks[0], clear_bits=_HAS_XMP)
    if len(chunks) == 2 and chunks[1].kind != b"ANMF" and header == _extended(chunks[1], 0):
        return chunks[1:]
    return [header, *chunks[1:]]


def _flagged(header: _Chunk, *, set_bits: int = 0, clear_bits: int = 0) -> _Chunk:
    if len(header.data) < 10:
        raise MetadataError("damaged WebP (its VP8X chunk is too short)")
    flags = (header.data[0] | set_bits) & ~clear_bits
    return _Chunk(b"VP8X", bytes((flags,)) + header.data[1:])


def _extended(picture: _Chunk, flags: int) -> _Chunk:
    """The VP8X chunk of a simple file."""
    width, height, alpha = _canvas(picture)
    flags |= _ALPHA if alpha else 0
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _Chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)


def _canvas(picture: _Chunk) -> tuple[int, int, bool]:
    """Width and height in pixels, and whether there is transparency."""
    data = picture.data
    if picture.kind == b"VP8 " and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        width = int.from_bytes(data[6:8], "little") & 0x3FFF  # the upper bits are a scale
        height = int.from_bytes(data[8:10], "little") & 0x3FFF
        if width and height:
            return width, height, False
    if picture.kind == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    raise MetadataError("damaged WebP (its picture does not begin as one)")
