"""Where a JPEG keeps its metadata: in APP segments before the scans.

Sources: ITU-T T.81 annex B (markers); XMP specification part 3, 1.1.3 "JPEG"; EXIF 2.32, 4.5.4;
CIPA DC-007 "Multi-Picture Format", 5.2.
"""

from dataclasses import dataclass

from showtell.errors import MetadataError
from showtell.metadata import packet
from showtell.metadata.blocks import Blocks

MAX_BLOCK = 65533  # bytes: a segment's length counts itself
MAX_PACKET = 65502  # XMP specification part 3, table 6

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF = b"Exif\0\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MPF = b"MPF\0"
_APP0, _APP1, _APP2, _APP13 = 0xE0, 0xE1, 0xE2, 0xED
_SOS, _EOI = 0xDA, 0xD9
_BARE = (0x01, *range(0xD0, 0xD9))  # TEM, RST0 to RST7, SOI: nothing follows


@dataclass(frozen=True)
class _Segment:
    head: bytes  # fill bytes and the marker
    payload: bytes | None  # None: a bare marker

    @property
    def raw(self) -> bytes:
        if self.payload is None:
            return self.head
        return self.head + (len(self.payload) + 2).to_bytes(2) + self.payload

    def is_a(self, marker: int, prefix: bytes) -> bool:
        return (
            self.head[-1] == marker and self.payload is not None and self.payload.startswith(prefix)
        )


def holds(data: bytes) -> bool:
    """Tell by its first bytes whether a file is a JPEG."""
    return data.startswith(b"\xff\xd8\xff")


def read(data: bytes) -> Blocks:
    """Find the blocks; see `Container`.

    Of several XMP or EXIF segments the first counts. A Photoshop block that is spread over several
    segments is passed over, as is extended XMP.
    """
    return _blocks(_split(data)[0])


def write(data: bytes, blocks: Blocks) -> bytes:
    """Give a JPEG other blocks; see `Container`.

    Offsets in a multi-picture segment (MPF) count from there to pictures after this one: what comes
    after it must keep its length. An EXIF or Photoshop block there that would not is left as it is.
    """
    segments, scans = _split(data)
    old = _blocks(segments)
    if blocks.exif != old.exif and blocks.exif is not None:
        _replace(segments, _APP1, _EXIF, blocks.exif)
    if blocks.photoshop != old.photoshop and blocks.photoshop is not None:
        _replace(segments, _APP13, _PHOTOSHOP, blocks.photoshop)
    if blocks.xmp != old.xmp:
        _write_xmp(segments, blocks.xmp)
    return b"".join([data[:2], *(segment.raw for segment in segments), scans])


def _split(data: bytes) -> tuple[list[_Segment], bytes]:
    """All segments before the first scan, and what follows: scans, trailers, further pictures."""
    segments: list[_Segment] = []
    at = 2
    while True:
        start, at = at, _marker(data, at)
        head, marker = data[start:at], data[at - 1]
        if marker == _SOS:
            return segments, data[start:]
        if marker in _BARE:
            segments.append(_Segment(head, None))
            continue
        length = int.from_bytes(data[at : at + 2])
        if marker == _EOI or length < 2 or at + length > len(data):
            raise MetadataError(f"damaged JPEG (the segment at byte {start} has no good length)")
        segments.append(_Segment(head, data[at + 2 : at + length]))
        at += length


def _marker(data: bytes, at: int) -> int:
    """The end of the marker that begins here, perhaps with fill bytes before it."""
    start = at
    while data[at : at + 1] == b"\xff":
        at += 1
    if at == start or at == len(data) or data[at] == 0:
        raise MetadataError(f"damaged JPEG (no marker at byte {start})")
    return at + 1


def _find(segments: list[_Segment], marker: int, prefix: bytes) -> list[int]:
    return [i for i, segment in enumerate(segments) if segment.is_a(marker, prefix)]


def _payloads(segments: list[_Segment], marker: int, prefix: bytes) -> list[bytes]:
    return [s.payload for s in segments if s.payload is not None and s.is_a(marker, prefix)]


def _blocks(segments: list[_Segment]) -> Blocks:
    packets = _payloads(segments, _APP1, _XMP)
    photoshop = _payloads(segments, _APP13, _PHOTOSHOP)
    return Blocks(
        xmp=packets[0].removeprefix(_XMP) if packets else None,
        exif=next(iter(_payloads(segments, _APP1, _EXIF)), None),
        photoshop=photoshop[0] if len(photoshop) == 1 else None,
    )


def _replace(segments: list[_Segment], marker: int, prefix: bytes, payload: bytes) -> None:
    index = _find(segments, marker, prefix)[0]
    new = _Segment(segments[index].head, payload)
    if not _is_fixed(segments, index) or len(new.raw) == len(segments[index].raw):
        segments[index] = new


def _is_fixed(segments: list[_Segment], index: int) -> bool:
    return any(mpf < index for mpf in _find(segments, _APP2, _MPF))


def _write_xmp(segments: list[_Segment], new: bytes | None) -> None:
    found = _find(segments, _APP1, _XMP)
    if not found:
        assert new is not None  # or nothing had changed
        payload = _XMP + _limited(new)
        segments.insert(_place(segments), _Segment(bytes((0xFF, _APP1)), payload))
        return
    index = found[0]
    old = segments[index]
    assert old.payload is not None
    size = len(old.payload) - len(_XMP)
    fixed = _is_fixed(segments, index)
    if new is not None and (fixed or packet.is_padded(old.payload)):
        new = packet.fit(new, size)
    if fixed and (new is None or len(new) != size):
        raise MetadataError(
            "its XMP comes after the index of its further pictures (MPF) and cannot change its "
            "length: write an XMP sidecar instead"
        )
    segments[index : index + 1] = [_Segment(old.head, _XMP + _limited(new))] if new else []


def _limited(xmp: bytes) -> bytes:
    if len(xmp) > MAX_PACKET:
        xmp = packet.fit(xmp, MAX_PACKET)
    if len(xmp) > MAX_PACKET:
        raise MetadataError(
            f"its XMP would have {len(xmp)} bytes, and a JPEG holds {MAX_PACKET}: write an XMP "
            "sidecar instead"
        )
    return xmp


def _place(segments: list[_Segment]) -> int:
    """After JFIF and EXIF, which must come first, and before all else."""
    for index, segment in enumerate(segments):
        if segment.head[-1] != _APP0 and not segment.is_a(_APP1, _EXIF):
            return index
    return len(segments)
