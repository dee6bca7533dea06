"""Opening pictures: by content, upright, RGB, no larger than needed.

Large JPEGs are decoded at 1/2, 1/4 or 1/8 of their size, other large pictures are shrunk before
their colours are looked at, and what has more pixels than is allowed is not decoded.
"""

import io
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from math import inf
from pathlib import Path
from threading import Lock
from typing import IO, NamedTuple, cast

from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from showtell.errors import ImageError
from showtell.images.colours import shrink, to_rgb
from showtell.images.foreign import HEAD_BYTES, RAW, recognise
from showtell.images.sources import ImageSource, Source, describe, resolve
from showtell.suffixes import PICTURE_SUFFIXES

# Pillow also names files that it cannot decode (MPEG, HDF5), draws with the help of other programs
# (EPS, WMF) or knows by too little to tell them from noise (TGA, PCD): those are no pictures here.
FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "HEIF", "ICNS", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM"),
    *("PSD", "QOI", "TIFF", "WEBP"),
)
ANIMATED = ("AVIF", "GIF", "PNG", "WEBP")  # in TIFF, MPO and HEIF further pictures are others
MAX_FRAMES = 200  # pictures of an animation that are decoded to reach its middle
# EXIF Orientation -> what turns the picture upright; 5 to 8 swap its sides.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)
REDUCED = 1  # TIFF's NewSubfileType of a preview: the picture proper is raw
# Larger pictures are refused, if not told otherwise: one that is no JPEG takes 3 to 8 bytes of
# memory for each of its pixels. Pillow has such a limit too, but one for the whole process.
MAX_IMAGE_MPIXELS = 250.0
LARGE_PIXELS = 30_000_000  # decoded one at a time, whatever the number of threads
_one_large = Lock()


class Opened(NamedTuple):
    """A picture, upright."""

    rgb: Image.Image
    width: int  # pixels, of the original as a person sees it
    height: int
    frame: tuple[int, int] | None  # of an animation: which picture, from 1, of how many


def open_rgb(
    source: ImageSource,
    *,
    at_least: int,
    name: str | None = None,
    max_image_mpixels: float = MAX_IMAGE_MPIXELS,
) -> Opened:
    """Open a picture upright and as RGB; of an animation, the picture in its middle.

    Args:
        at_least: pixels; a large picture may come smaller, as long as both sides keep this length.
        name: what to call the picture in messages, where the source is not a path.
        max_image_mpixels: refuse a picture of more megapixels.

    Raises:
        ImageError: not a picture we can read; the message names the file and the reason.
        TypeError: nothing that a picture can be in.
    """
    found = resolve(source)
    with _explained(name or describe(source)), _open(found, max_image_mpixels) as image:
        width, height = image.size
        image.draft(image.mode, (at_least, at_least))
        with _one_large if image.width * image.height > LARGE_PIXELS else nullcontext():
            return _decode(image, (width, height), at_least)


def _decode(image: Image.Image, size: tuple[int, int], at_least: int) -> Opened:
    width, height = size  # before `draft`
    frame = _to_middle(image)
    image.load()  # here a TIFF turns itself upright, and forgets its orientation
    orientation = _orientation(image)
    was_drafted = image.width * image.height < width * height
    if orientation in SIDEWAYS:
        width, height = height, width
    small = image if was_drafted else shrink(image, at_least)
    if orientation in UPRIGHT:
        small = small.transpose(UPRIGHT[orientation])
    return Opened(to_rgb(small), width, height, frame)


def _to_middle(image: Image.Image) -> tuple[int, int] | None:
    """Go to the middle of an animation, or as far towards it as is sound and not too long."""
    count: int = getattr(image, "n_frames", 1) if image.format in ANIMATED else 1
    if count <= 1:
        return None
    number = 0
    try:
        for number in range(1, min(count // 2, MAX_FRAMES) + 1):
            image.seek(number)
            image.load()
    except (OSError, EOFError, SyntaxError, ValueError):
        number -= 1
        image.seek(number)
    return number + 1, count


def _open(source: Source, max_mpixels: float = inf) -> Image.Image:
    if isinstance(source, Image.Image):
        _check_size(source, max_mpixels)
        return source.copy()  # `draft` changes an image in place
    _register_heif()
    file = _checked(source)
    image = _identify(file)
    if image is None:
        raise _refusal(source) or UnidentifiedImageError
    try:
        _check_format(image, source)
        _check_size(image, max_mpixels)
    except ImageError:
        image.close()
        raise
    return image


def _identify(file: Path | io.BytesIO) -> Image.Image | None:
    """Read a picture's header by the first of Pillow's formats that knows it.

    As `Image.open` does, but for its limit of pixels: that can only be set for the whole process.
    """
    with file.open("rb") if isinstance(file, Path) else nullcontext(file) as opened:
        start = opened.read(16)
    tried: set[str] = set()
    for register in (Image.preinit, Image.init):  # few common formats, then all
        register()
        for name, (open_as, accepts) in list(Image.OPEN.items()):  # threads may register too
            fits = name not in tried and (not accepts or accepts(start))
            tried.add(name)
            if not fits or isinstance(fits, str):  # it says why it cannot
                continue
            if isinstance(file, io.BytesIO):
                file.seek(0)
            try:  # a format opens a path itself, and closes what it opened
                return open_as(cast(IO[bytes], str(file) if isinstance(file, Path) else file), "")
            except (SyntaxError, IndexError, TypeError, struct.error):
                continue  # not that format after all
    return None


def _check_format(image: Image.Image, source: Path | bytes) -> None:
    if image.format not in FORMATS:
        raise _refusal(source) or ImageError(
            f"{image.format} is not a format we read; convert it to one of {', '.join(FORMATS)}",
            "not-a-picture",
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(254) == REDUCED:
        raise ImageError(str(RAW), "format")


def _check_size(image: Image.Image, max_mpixels: float) -> None:
    mpixels = image.width * image.height / 1e6
    if mpixels > max_mpixels:
        raise ImageError(
            f"too many pixels to open safely ({image.width} × {image.height}: {mpixels:.4g} "
            f"megapixels, {max_mpixels:g} are allowed); see --max-image-mpixels",
            "too-large",
        )


def _refusal(source: Path | bytes) -> ImageError | None:
    """Name the format of what Pillow does not read, if we know it."""
    if isinstance(source, bytes):
        head = source[:HEAD_BYTES]
    else:
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
    foreign = recognise(head)
    code = "format" if foreign and foreign.is_picture else "not-a-picture"
    return ImageError(str(foreign), code) if foreign else None


def _checked(source: Path | bytes) -> Path | io.BytesIO:
    if isinstance(source, bytes):
        if not source:
            raise ImageError("empty (0 bytes)", "empty")
        return io.BytesIO(source)
    check_file(source)
    return source


def check_file(path: Path) -> None:
    """Refuse what no picture can be in, before anything is read: reading a pipe might never end.

    Raises:
        ImageError: a folder, a device, a pipe, or an empty file; the message does not name it.
        OSError: it is not there, or may not be looked at.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ImageError("a folder, not a picture", "folder")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("a device or pipe, not a picture", "device")
    if status.st_size == 0:
        raise ImageError("the file is empty (0 bytes)", "empty")


def _register_heif() -> None:
    import pi_heif  # reads HEIC; loaded late because most calls never need it

    pi_heif.register_heif_opener()


def _orientation(image: Image.Image) -> int:
    """EXIF Orientation, 1 to 8; 1, upright, where there is none or the EXIF block is damaged."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # whatever its parser stumbled on, the picture itself may be sound
        return 1


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn whatever keeps the picture of this name from being read into an `ImageError`."""
    try:
        yield
    except Exception as error:  # Pillow's decoders share no error class
        code, reason = explain(error)
        raise ImageError(f"{name}: {reason}", code) from error


def explain(error: Exception) -> tuple[str, str]:
    """Say what kept a picture from being read: a code for machines and a reason for people."""
    match error:
        case ImageError():
            return error.code, str(error)
        case UnidentifiedImageError():
            return "not-a-picture", "not a picture in a format we read"
        case Image.DecompressionBombError():  # of a part of the picture, such as a GIF's frame
            return "too-large", f"too many pixels to open safely ({error})"
        case FileNotFoundError():
            return "missing", "no such file"
        case ValueError() if "null" in str(error):  # a name that no file can have
            return "missing", "no such file"
        case OSError(strerror=str(why)):  # from the file system, not from a decoder
            return "unreadable", f"cannot be read ({why})"
        case _:
            return "damaged", f"cannot be decoded, it may be truncated ({error})"


def meant_as_picture(path: Path) -> bool:
    """Tell whether a file has a picture's name, or holds one: a walk tells what is wrong with it.

    Other files are passed over in silence.
    """
    return path.suffix.lower() in PICTURE_SUFFIXES or is_picture(path)


def is_picture(path: Path) -> bool:
    """Tell by content, never by suffix, whether a file holds a picture, or is meant to.

    One that may not be opened, or has too many pixels, counts as one: `open_rgb` says why not.
    """
    try:
        with _open(path):
            return True
    except (Image.DecompressionBombError, PermissionError):
        return True
    except ImageError as error:
        return error.code == "format"
    except Exception:  # Pillow's decoders share no error class
        return False


def told_by(path: Path) -> tuple[bytes | None, str | None]:
    """Give a picture's XMP packet and its EXIF ImageDescription, of any format that we read.

    Raises:
        ImageError: not a picture we can read.
    """
    with _explained(describe(path)), _open(path) as image:
        xmp = image.info.get("xmp")
        text = image.getexif().get(ExifTags.Base.ImageDescription)
    packet = xmp.encode() if isinstance(xmp, str) else xmp
    return packet if isinstance(packet, bytes) else None, text if isinstance(text, str) else None


def check_header(source: ImageSource, *, max_image_mpixels: float = MAX_IMAGE_MPIXELS) -> None:
    """Refuse what can be seen to be no picture we read without decoding it.

    Raises:
        ImageError, TypeError: as `open_rgb`.
    """
    found = resolve(source)
    with _explained(describe(source)):
        _open(found, max_image_mpixels).close()
