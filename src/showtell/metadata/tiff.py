"""ImageDescription in an EXIF block, changed without moving anything else in it.

Maker notes hold offsets that no standard describes, so nothing may move. A new description goes to
the end of the block, with a copy of the first directory (IFD0) that has it, and the header points
there. What was before can be put back: in front of the copy stands a note of where the directory
and the end of the block were.

A damaged block reads as one without a description, and is never changed.

Sources: TIFF 6.0, section 2; EXIF 2.32 (CIPA DC-008), 4.6.4 tag 0x010E.
"""

import struct
from dataclasses import dataclass, replace

from showtell.metadata.description import clean

_PREFIX = b"Exif\0\0"
_NOTE = b"showtell"  # then two numbers: where IFD0 was, where the block ended
_NOTE_SIZE = 16
_TAG = 0x010E
_ASCII, _UTF8 = 2, 129  # the second since EXIF 3.0


@dataclass(frozen=True)
class _Directory:
    """IFD0 and what it takes to read and write around it."""

    tiff: bytes
    order: str  # of bytes, as `struct` has it
    offset: int
    entries: tuple[bytes, ...]  # 12 bytes each
    end: bytes  # offset of the next directory, 4 bytes

    @property
    def raw(self) -> bytes:
        count = struct.pack(f"{self.order}H", len(self.entries))
        return count + b"".join(self.entries) + self.end

    def tag(self, entry: bytes) -> int:
        return struct.unpack(f"{self.order}H", entry[:2])[0]

    @property
    def stop(self) -> int:
        return self.offset + len(self.raw)

    def others(self) -> tuple[bytes, ...]:
        return tuple(entry for entry in self.entries if self.tag(entry) != _TAG)


def read(block: bytes) -> str | None:
    """The description, as UTF-8 or, where it is not, Latin-1."""
    directory = _directory(block.removeprefix(_PREFIX))
    span = None if directory is None else _span(directory)
    if directory is None or span is None:
        return None
    raw = directory.tiff[slice(*span)].split(b"\0")[0]
    try:
        return clean(raw.decode())
    except UnicodeDecodeError:
        return clean(raw.decode("latin-1"))


def write(block: bytes, text: str) -> bytes:
    """Give a block this description, in place of the one that it may have."""
    prefix = _PREFIX if block.startswith(_PREFIX) else b""
    tiff = remove(block).removeprefix(prefix)
    directory = _directory(tiff)
    if directory is None:
        return block
    return prefix + _appended(directory, text.encode() + b"\0")


def remove(block: bytes) -> bytes:
    """Take the description out, and put back what was before where it was appended by us."""
    prefix = _PREFIX if block.startswith(_PREFIX) else b""
    directory = _directory(block.removeprefix(prefix))
    if directory is None or directory.others() == directory.entries:
        return block
    before = _before(directory)
    return prefix + (_removed_in_place(directory) if before is None else before)


def _directory(tiff: bytes) -> _Directory | None:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return None
    offset = struct.unpack_from(f"{order}I", tiff, 4)[0]
    if offset < 8 or offset + 2 > len(tiff):
        return None
    count = struct.unpack_from(f"{order}H", tiff, offset)[0]
    start, end = offset + 2, offset + 2 + 12 * count
    if end + 4 > len(tiff):
        return None
    entries = tuple(tiff[at : at + 12] for at in range(start, end, 12))
    return _Directory(tiff, order, offset, entries, tiff[end : end + 4])


def _span(directory: _Directory) -> tuple[int, int] | None:
    """Where the text stands: in the entry itself if it has up to 4 bytes."""
    tags = [directory.tag(entry) for entry in directory.entries]
    if _TAG not in tags:
        return None
    index = tags.index(_TAG)
    kind, count, start = struct.unpack(f"{directory.order}2xHII", directory.entries[index])
    if count <= 4:
        start = directory.offset + 2 + 12 * index + 8
    if kind not in (_ASCII, _UTF8) or start < 8 or start + count > len(directory.tiff):
        return None
    return start, start + count


def _appended(directory: _Directory, value: bytes) -> bytes:
    order, tiff = directory.order, directory.tiff
    start = len(tiff) + len(tiff) % 2  # a directory begins at an even offset
    note = _NOTE + struct.pack(f"{order}II", directory.offset, len(tiff))
    offset = start + len(note)
    size = len(directory.raw) + 12
    inline = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{order}I", offset + size)
    entry = struct.pack(f"{order}HHI", _TAG, _ASCII, len(value)) + inline
    entries = sorted((*directory.entries, entry), key=directory.tag)
    new = replace(directory, entries=tuple(entries))
    header = tiff[:4] + struct.pack(f"{order}I", offset)
    body = (header + tiff[8:]).ljust(start, b"\0") + note + new.raw
    return body + (value if len(value) > 4 else b"")


def _before(directory: _Directory) -> bytes | None:
    """The block as it was before we appended, if nobody has changed or appended more since."""
    note = directory.tiff[max(directory.offset - _NOTE_SIZE, 0) : directory.offset]
    if len(note) != _NOTE_SIZE or not note.startswith(_NOTE):
        return None
    offset, length = struct.unpack(f"{directory.order}8xII", note)
    _, end = _span(directory) or (0, 0)
    if length > directory.offset - _NOTE_SIZE or max(end, directory.stop) != len(directory.tiff):
        return None
    header = directory.tiff[:4] + struct.pack(f"{directory.order}I", offset)
    tiff = header + directory.tiff[8:length]
    old = _directory(tiff)
    if old is None or old.end != directory.end:
        return None
    sorted_ = tuple(sorted(old.entries, key=old.tag))  # as we wrote them, whatever they were
    return tiff if sorted_ == directory.others() else None


def _removed_in_place(directory: _Directory) -> bytes:
    """Without the entry and, in zeros, without its text; all else stays where it is."""
    tiff = bytearray(directory.tiff)
    if span := _span(directory):
        tiff[slice(*span)] = bytes(span[1] - span[0])
    size = directory.stop - directory.offset
    new = replace(directory, entries=directory.others())
    tiff[directory.offset : directory.stop] = new.raw.ljust(size, b"\0")
    return bytes(tiff)
