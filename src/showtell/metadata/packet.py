"""XMP packets as bytes: their encoding, and the padding that lets them grow in place.

Source: XMP specification part 1 (ISO 16684-1), 7.3 "Packet wrapper" and 7.3.3 "Padding".
"""

import codecs
from dataclasses import dataclass

from showtell.errors import MetadataError

NEW = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()

_ENCODINGS = (  # byte order mark, codec; UTF-32's mark begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MAX_SIZE = 64 << 20  # bytes
_END = b"<?xpacket end="
_PADDING = (b"\n" + b" " * 99) * 656  # longer than a JPEG segment


@dataclass(frozen=True)
class Encoding:
    """How a packet's text was written: the byte order mark, often none, and Python's codec."""

    mark: bytes
    codec: str


def decode(packet: bytes) -> tuple[bytes, Encoding]:
    """Give the XML as UTF-8 without a mark, and how to write it back.

    Zeros at the end, which some writers pad with, are dropped.

    Raises:
        MetadataError: the bytes are not text in the encoding that their mark says, or too many.
    """
    if len(packet) > MAX_SIZE:
        raise MetadataError(f"its XMP has {len(packet)} bytes; at most {MAX_SIZE} are read")
    for mark, codec in _ENCODINGS:
        if packet.startswith(mark):
            encoding = Encoding(mark, codec)
            break
    else:
        encoding = Encoding(b"", "utf-8")
    try:
        text = packet.removeprefix(encoding.mark).decode(encoding.codec)
    except UnicodeDecodeError as error:
        raise MetadataError(f"its XMP is not {encoding.codec} text ({error})") from error
    return text.rstrip("\0").encode(), encoding


def encode(source: bytes, encoding: Encoding) -> bytes:
    """The inverse of `decode`."""
    return encoding.mark + source.decode().encode(encoding.codec)


def is_padded(packet: bytes) -> bool:
    """Whether a packet has blank in it that leaves it room to grow."""
    body, end = _split(packet)
    return bool(end) and len(body) - len(body.rstrip()) > 1


def fit(packet: bytes, size: int) -> bytes:
    """Shorten or lengthen the padding until a packet has `size` bytes, or no padding is left.

    A packet without the wrapper that padding stands in is given back as it is.
    """
    body, end = _split(packet)
    if not end:
        return packet
    body = body.rstrip()
    return body + _PADDING[: max(size - len(body) - len(end), 0)] + end


def _split(packet: bytes) -> tuple[bytes, bytes]:
    at = packet.rfind(_END)
    return (packet, b"") if at < 0 else (packet[:at], packet[at:])
