"""From anything that holds a picture to what an encoder reads. The only way pictures come in.

Training, validation, the ONNX runtime and the server all call `prepare`: a picture prepared one
way in training and another way afterwards is the field's best-known cause of "the same caption
for every photo".
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from showtell.errors import ConfigError, ImageError

ImageSource = str | os.PathLike[str] | bytes | Image.Image

# Pillow also names files that it cannot decode (MPEG, HDF5), draws with the help of other programs
# (EPS, WMF) or knows by too little to tell them from noise (TGA, PCD): those are no pictures here.
FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "HEIF", "ICNS", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM"),
    *("PSD", "QOI", "TIFF", "WEBP"),
)
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


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """How pixels become numbers; written into every bundle.

    The picture is squashed to a square, as the copies of Flickr8k that captioners are trained on
    are, then each channel becomes `(value - mean) / std`, value in 0..255.
    """

    resize: Literal["squash-bicubic"] = "squash-bicubic"  # to the square, aspect not kept
    size: int  # pixels, height and width
    mean: tuple[float, ...]  # RGB, 0..255
    std: tuple[float, ...]  # RGB, 0..255

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigError(f"size must be at least 1 pixel, got {self.size}")
        if len(self.mean) != 3:
            raise ConfigError(f"mean must be 3 numbers, got {self.mean}")
        if len(self.std) != 3 or min(self.std) <= 0:
            raise ConfigError(f"std must be 3 numbers above 0, got {self.std}")


@dataclass(frozen=True)
class PreparedImage:
    """A picture as the encoder reads it, with the size a person saw (after rotation)."""

    pixels: NDArray[np.float32]  # (3, size, size)
    width: int  # pixels, of the original
    height: int


def prepare(
    source: ImageSource,
    preprocessing: Preprocessing,
    *,
    name: str | None = None,
    alter: Callable[[Image.Image], Image.Image] | None = None,
) -> PreparedImage:
    """Open, turn upright, make RGB, squash to the encoder's square, normalise.

    Args:
        source: a path, the bytes of a picture file, or a Pillow image.
        preprocessing: the encoder's own; a bundle carries it.
        name: what to call the picture in messages, where the source is not a path.
        alter: done to the upright RGB picture, to train on what it gives.

    Raises:
        ImageError: not a picture we can read; the message names the file and the reason.
    """
    # Twice the target keeps the final resize, which averages, as good as from full size.
    rgb, width, height = open_rgb(source, at_least=2 * preprocessing.size, name=name)
    return PreparedImage(normalise(alter(rgb) if alter else rgb, preprocessing), width, height)


def open_rgb(
    source: ImageSource, *, at_least: int, name: str | None = None
) -> tuple[Image.Image, int, int]:
    """Open a picture upright and as RGB.

    Args:
        at_least: pixels; a large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, which is much
            faster, as long as both sides keep this length.
        name: what to call the picture in messages, where the source is not a path.

    Returns:
        The picture, and the width and height of the original as a person sees it.

    Raises:
        ImageError: not a picture we can read; the message names the file and the reason.
    """
    try:
        with _open(source) as image:
            width, height = image.size
            image.draft(image.mode, (at_least, at_least))
            image.load()  # here a TIFF turns itself upright, and forgets its orientation
            orientation = _orientation(image)
            if orientation in SIDEWAYS:
                width, height = height, width
            if orientation in UPRIGHT:
                image = image.transpose(UPRIGHT[orientation])
            return to_rgb(image), width, height
    except Exception as error:  # Pillow's decoders share no error class
        raise ImageError(f"{name or describe(source)}: {_reason(error)}") from error


def normalise(rgb: Image.Image, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Resize an RGB picture to the square and scale its channels: (3, size, size) float32."""
    side = (preprocessing.size, preprocessing.size)
    if rgb.size != side:
        rgb = rgb.resize(side, Image.Resampling.BICUBIC)
    mean = np.asarray(preprocessing.mean, dtype=np.float32)
    std = np.asarray(preprocessing.std, dtype=np.float32)
    values = (np.asarray(rgb, dtype=np.float32) - mean) / std  # (height, width, 3)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def to_rgb(image: Image.Image) -> Image.Image:
    """Make RGB of any mode: 16-bit scaled, palettes looked up, transparency laid on white.

    Modes I (32-bit) and F do not say what their white is: values above 255 are taken for 16-bit,
    floats up to 1 for shares of white.
    """
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, dtype=np.float32)).clip(min=0)
    top = float(values.max(initial=0.0))
    if image.mode.startswith("I;16") or (image.mode == "I" and top > 255):
        values = values / 257.0  # 65535 -> 255
    elif image.mode == "F" and top <= 1.0:
        values = values * 255.0
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8))


def _open(source: ImageSource) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()  # `draft` changes an image in place
    _register_heif()
    if isinstance(source, bytes):
        if not source:
            raise ImageError("empty (0 bytes)")
        image: Image.Image = Image.open(io.BytesIO(source))
    else:
        path = Path(source)
        if path.is_dir():
            raise ImageError("a folder, not a picture")
        if path.stat().st_size == 0:
            raise ImageError("the file is empty (0 bytes)")
        image = Image.open(path)
    if image.format not in FORMATS:
        image.close()
        raise ImageError(f"{image.format} is not a format we read ({', '.join(FORMATS)})")
    return image


def _register_heif() -> None:
    import pi_heif  # reads HEIC; loaded late because most calls never need it

    pi_heif.register_heif_opener()


def _orientation(image: Image.Image) -> int:
    """EXIF Orientation, 1 to 8; 1, upright, where there is none or the EXIF block is damaged."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # whatever its parser stumbled on, the picture itself may be sound
        return 1


def _reason(error: Exception) -> str:
    match error:
        case ImageError():
            return str(error)
        case UnidentifiedImageError():
            return "not a picture in a format we read"
        case Image.DecompressionBombError():
            return f"too many pixels to open safely ({error})"
        case FileNotFoundError():
            return "no such file"
        case OSError(strerror=str(why)):  # from the file system, not from a decoder
            return f"cannot be read ({why})"
        case _:
            return f"cannot be decoded, it may be truncated ({error})"


def describe(source: ImageSource) -> str:
    """Name a picture in a message: its path, or what it is when it has none."""
    if isinstance(source, str | os.PathLike):
        return str(Path(source))
    return "image bytes" if isinstance(source, bytes) else "image"


def is_picture(path: Path) -> bool:
    """Tell by content, never by suffix, whether a file holds a picture.

    One that may not be opened, or has too many pixels, counts as one: `prepare` says why not.
    """
    try:
        with _open(path):
            return True
    except (Image.DecompressionBombError, PermissionError):
        return True
    except Exception:  # Pillow's decoders share no error class
        return False


def find_pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """Walk folders, in sorted order, for pictures; a path that is no folder is passed on as is.

    Files that hold no picture, hidden files and hidden folders are left out of a folder's walk.
    A file that was named by the caller is never left out: if it is no picture, `prepare` says so.
    """
    for path in paths:
        try:
            inside = sorted(path.rglob("*")) if path.is_dir() else None
        except OSError:  # a name too long, a folder without permission
            inside = None
        if inside is None:
            yield path
            continue
        for found in inside:
            hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
            if not hidden and is_picture(found):
                yield found
