"""What a file is that we cannot read: told by its first bytes, named, with the remedy."""

from typing import NamedTuple

HEAD_BYTES = 1024  # enough of a file to recognise it


class Foreign(NamedTuple):
    """A format that showtell knows and does not read."""

    name: str
    remedy: str
    is_picture: bool  # a folder's walk passes over what is none

    def __str__(self) -> str:
        return f"{self.name} is not a format we read; {self.remedy}"


_RAW_REMEDY = "develop it to JPEG or TIFF, or take its preview (exiftool -b -PreviewImage)"
RAW = Foreign("a camera's raw file", _RAW_REMEDY, True)
_JXL = Foreign("JPEG XL", "convert it (djxl photo.jxl photo.png)", True)
_SVG = Foreign("SVG", "draw it as PNG first (rsvg-convert photo.svg > photo.png)", True)
_HDR = Foreign("a high-dynamic-range picture", "convert it to PNG or JPEG", True)
_DICOM = Foreign("DICOM", "convert it to PNG first", True)
_POSTSCRIPT = Foreign("PostScript (EPS)", "draw it as PNG first (gs or convert)", False)
_PDF = Foreign("PDF", "draw its pages as PNG first (pdftoppm -png)", False)
_VIDEO = Foreign("a video (MPEG and the like)", "take a picture out of it (ffmpeg -i)", False)

_STARTS = (
    (b"\xff\x0a", _JXL),
    (b"\x00\x00\x00\x0cJXL ", _JXL),
    (b"%!PS", _POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", _POSTSCRIPT),
    (b"%PDF", _PDF),
    (b"v/1\x01", _HDR),
    (b"#?RADIANCE", _HDR),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),
    (b"\x00MRM", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"IIU\x00", RAW),
    (b"\x1aE\xdf\xa3", _VIDEO),  # Matroska, WebM
    (b"\x00\x00\x01\xb3", _VIDEO),
    (b"\x00\x00\x01\xba", _VIDEO),
    (b"FLV\x01", _VIDEO),
    (b"0&\xb2u\x8ef\xcf\x11", _VIDEO),  # ASF, WMV
)
_STILL_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


def recognise(head: bytes) -> Foreign | None:
    """Name the format of a file by its first bytes; None: one that we read, or do not know."""
    for start, foreign in _STARTS:
        if head.startswith(start):
            return foreign
    if head[4:8] == b"ftyp" and head[8:12] not in _STILL_BRANDS:
        return _of_iso_media(head)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _VIDEO
    if head[:2] in (b"II", b"MM") and head[8:10] == b"CR":
        return RAW
    if head[128:132] == b"DICM":
        return _DICOM
    return _SVG if _is_svg(head) else None


def _of_iso_media(head: bytes) -> Foreign | None:
    """Canon's CR3 and videos share a container with HEIC and AVIF."""
    if head[8:12] == b"crx ":
        return RAW
    size = int.from_bytes(head[:4], "big")
    compatible = [head[i : i + 4] for i in range(16, min(size, len(head)), 4)]
    return None if any(brand in _STILL_BRANDS for brand in compatible) else _VIDEO


def _is_svg(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!")) and b"<svg" in text)
