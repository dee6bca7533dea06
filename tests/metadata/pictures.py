"""Pictures and metadata blocks, drawn and laid out on the spot; ExifTool to compare with."""

import hashlib
import io
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from showtell.metadata.description import Writing

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="compares with ExifTool, which is not installed"
)

CAPTION = "A brown dog runs through the grass."
OURS = Writing(text=CAPTION, caption=CAPTION, writer="showtell base 0.1.0", confidence=0.43215)
PERSONS = Writing(text="Rex, summer of 1998", caption=None, writer="Anna", confidence=None)
APPENDED = Writing(
    text=f"Rex, summer of 1998\n{CAPTION}",
    caption=CAPTION,
    writer="showtell base 0.1.0",
    confidence=None,
)
MAKER_NOTE = bytes(range(1, 60))  # no reader can know what is in it
THUMBNAIL = b"\xff\xd8 a thumbnail \xff\xd9"


def drawing(mode: str = "RGB", size: tuple[int, int] = (45, 33)) -> Image.Image:
    """Something with edges and slopes."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture.paste((200, 40, 90), (5, 5, 20, 20))
    if mode in ("RGBA", "LA"):
        picture.putalpha(Image.radial_gradient("L").resize(size))
    return picture.convert(mode)


def encode(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> list[tuple[str, tuple[int, int], bytes]]:
    """All frames, decoded."""
    frames = []
    with Image.open(io.BytesIO(data)) as picture:
        for index in range(getattr(picture, "n_frames", 1)):
            picture.seek(index)
            frames.append((picture.mode, picture.size, picture.tobytes()))
    return frames


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Put segments behind the JFIF segment that Pillow writes."""
    at = 4 + int.from_bytes(jpeg[4:6])
    return jpeg[:at] + b"".join(segments) + jpeg[at:]


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """Put chunks behind IHDR."""
    return png[:33] + b"".join(chunks) + png[33:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunks(webp: bytes) -> list[tuple[bytes, bytes]]:
    """The inverse of `riff`."""
    chunks, at = [], 12
    while at < len(webp):
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        chunks.append((webp[at : at + 4], webp[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return chunks


def tiff_block(description: bytes | None = None, *, order: str = "<") -> bytes:
    """An EXIF block as cameras make them: IFD0, Exif IFD with a maker note, IFD1 with a thumbnail.

    Args:
        description: ImageDescription with its zero, more than 4 bytes.
    """
    number = 4 if description is not None else 3
    exif_at = 8 + 2 + 12 * number + 4
    note_at = exif_at + 2 + 12 + 4
    thumbnail_at = note_at + len(MAKER_NOTE) + 1
    ifd1_at = thumbnail_at + len(THUMBNAIL) + len(THUMBNAIL) % 2
    make_at = ifd1_at + 2 + 2 * 12 + 4
    entry = f"{order}HHII"
    ifd0 = [
        struct.pack(entry, 0x010F, 2, 6, make_at),  # Make
        struct.pack(f"{order}HHIHxx", 0x0112, 3, 1, 6),  # Orientation
        struct.pack(entry, 0x8769, 4, 1, exif_at),
    ]
    if description is not None:
        ifd0.insert(0, struct.pack(entry, 0x010E, 2, len(description), make_at + 6))
    ifd1 = [
        struct.pack(entry, 0x0201, 4, 1, thumbnail_at),
        struct.pack(entry, 0x0202, 4, 1, len(THUMBNAIL)),
    ]
    maker_note = struct.pack(entry, 0x927C, 7, len(MAKER_NOTE), note_at)
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    block += _directory(order, ifd0, ifd1_at) + _directory(order, [maker_note], 0)
    block += MAKER_NOTE + b"\0" + THUMBNAIL + b"\0" * (len(THUMBNAIL) % 2)
    return block + _directory(order, ifd1, 0) + b"Acme!\0" + (description or b"")


def _directory(order: str, entries: list[bytes], following: int) -> bytes:
    return (
        struct.pack(f"{order}H", len(entries))
        + b"".join(entries)
        + struct.pack(f"{order}I", following)
    )


def exif_jpeg(description: bytes | None) -> bytes:
    """A JPEG as from a camera."""
    exif = segment(0xE1, b"Exif\0\0" + tiff_block(description))
    return with_segments(encode(drawing(), "JPEG"), exif)


def dataset(record: int, number: int, value: bytes) -> bytes:
    """An IPTC-IIM dataset."""
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    """A Photoshop image resource."""
    named = bytes((len(name),)) + name
    named += b"\0" * (len(named) % 2)
    padded = data + b"\0" * (len(data) % 2)
    return b"8BIM" + struct.pack(">H", number) + named + struct.pack(">I", len(data)) + padded


UTF8 = dataset(1, 90, b"\x1b%G")
TITLE = dataset(2, 5, b"Rex")
CITY = dataset(2, 90, b"Delft")
CREDIT = dataset(2, 122, b"somebody")


def photoshop_block(*datasets: bytes, digest: bytes | None = None) -> bytes:
    """IPTC-IIM with its digest between two other resources."""
    iim = b"".join(datasets)
    return b"Photoshop 3.0\0" + b"".join(
        (
            resource(0x03ED, b"\0\x48\0\0\0\1\0\1\0\x48\0\0\0\1\0\1"),  # resolution
            resource(0x0404, iim),
            resource(0x0425, hashlib.md5(iim).digest() if digest is None else digest),
            resource(0x040C, b"odd", name=b"ab"),
        )
    )


def exiftool(*arguments: str | Path) -> str:
    command = ["exiftool", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tags(path: Path, *options: str) -> dict[str, Any]:
    """All that ExifTool reads in a file, but what is of the file system."""
    found = json.loads(exiftool("-j", "-G1", "-a", "-struct", *options, path))[0]
    return {
        name: value
        for name, value in found.items()
        if name != "SourceFile" and not name.startswith(("System:", "ExifTool:ExifToolVersion"))
    }


def warnings(path: Path) -> set[str]:
    """What ExifTool finds fault with."""
    lines = exiftool("-validate", "-warning", "-error", "-a", "-s", path).splitlines()
    return {line for line in lines if not line.startswith("Validate")}
