"""Where a PNG keeps its metadata: XMP in an iTXt chunk, EXIF in eXIf.

Sources: PNG specification (third edition), 11.3.3.4 "iTXt" and 11.3.3.5 "eXIf"; XMP specification
part 3, 1.1.5 "PNG".
"""

import zlib
from dataclasses import dataclass

from showtell.errors import MetadataError
from showtell.metadata.blocks import Blocks
from showtell.metadata.packet import MAX_SIZE

MAX_BLOCK = 2**31 - 1  # bytes of a chunk

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp\0"


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    raw: bytes  # length, kind, data and CRC

    @property
    def data(self) -> bytes:
        return self.raw[8:-4]

    @property
    def is_xmp(self) -> bool:
        return self.kind == b"iTXt" and self.data.startswith(_XMP)


def holds(data: bytes) -> bool:
    """Tell by its first bytes whether a file is a PNG."""
    return data.startswith(_SIGNATURE)


def read(data: bytes) -> Blocks:
    """Find the blocks; see `Container`. Of several XMP chunks the first counts."""
    chunks, _ = _split(data)
    return _blocks(chunks)


def write(data: bytes, blocks: Blocks) -> bytes:
    """Give a PNG other blocks; see `Container`. New XMP goes before the picture."""
    chunks, rest = _split(data)
    old = _blocks(chunks)
    if blocks.exif != old.exif and blocks.exif is not None:
        index = next(i for i, chunk in enumerate(chunks) if chunk.kind == b"eXIf")
        chunks[index] = _chunk(b"eXIf", blocks.exif)
    if blocks.xmp != old.xmp:
        new = [] if blocks.xmp is None else [_chunk(b"iTXt", _itxt(blocks.xmp))]
        found = next((i for i, chunk in enumerate(chunks) if chunk.is_xmp), None)
        if found is None:
            picture = next(i for i, chunk in enumerate(chunks) if chunk.kind == b"IDAT")
            chunks[picture:picture] = new
        else:
            chunks[found : found + 1] = new
    return b"".join([_SIGNATURE, *(chunk.raw for chunk in chunks), rest])


def _split(data: bytes) -> tuple[list[_Chunk], bytes]:
    """All chunks, and what follows the last one."""
    chunks: list[_Chunk] = []
    at = len(_SIGNATURE)
    while not chunks or chunks[-1].kind != b"IEND":
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            raise MetadataError(f"damaged PNG (the chunk at byte {at} ends after the file)")
        chunks.append(_Chunk(data[at + 4 : at + 8], data[at:end]))
        at = end
    if all(chunk.kind != b"IDAT" for chunk in chunks):
        raise MetadataError("damaged PNG (no picture in it)")
    return chunks, data[at:]


def _blocks(chunks: list[_Chunk]) -> Blocks:
    packets = (chunk.data for chunk in chunks if chunk.is_xmp)
    exif = (chunk.data for chunk in chunks if chunk.kind == b"eXIf")
    text = next(packets, None)
    return Blocks(xmp=None if text is None else _packet(text), exif=next(exif, None))


def _packet(itxt: bytes) -> bytes:
    """The text of an iTXt chunk: after flag, method, language and translated keyword."""
    flags, rest = itxt[len(_XMP) : len(_XMP) + 2], itxt[len(_XMP) + 2 :]
    parts = rest.split(b"\0", 2)
    if len(parts) < 3 or flags not in (b"\0\0", b"\0\1", b"\1\0"):
        raise MetadataError("damaged PNG (its XMP chunk is not as iTXt must be)")
    return _inflate(parts[2]) if flags[0] else parts[2]


def _inflate(compressed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(compressed, MAX_SIZE + 1)  # a bomb would swell without bound
    except zlib.error as error:
        raise MetadataError(f"damaged PNG (its XMP cannot be decompressed: {error})") from error
    if not stream.eof or len(text) > MAX_SIZE:
        raise MetadataError("damaged PNG (its compressed XMP is cut off or far too large)")
    return text


def _itxt(xmp: bytes) -> bytes:
    return _XMP + b"\0\0" + b"\0" + b"\0" + xmp  # not compressed, in no language


def _chunk(kind: bytes, data: bytes) -> _Chunk:
    crc = zlib.crc32(kind + data)
    return _Chunk(kind, len(data).to_bytes(4) + kind + data + crc.to_bytes(4))
