"""From anything that holds a picture to what an encoder reads. The only way pictures come in.

Training, validation, the ONNX runtime and the server all call `prepare`: a picture prepared one
way in training and another way afterwards is the field's best-known cause of "the same caption
for every photo".
"""

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from showtell.errors import ImageError

ImageSource = str | os.PathLike[str] | bytes | Image.Image


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """How pixels become numbers; written into every bundle.

    The picture is squashed to a square, as the copies of Flickr8k that captioners are trained on
    are, then each channel becomes `(value - mean) / std`, value in 0..255.
    """

    size: int  # pixels, height and width
    mean: tuple[float, ...]  # RGB, 0..255
    std: tuple[float, ...]  # RGB, 0..255


@dataclass(frozen=True)
class PreparedImage:
    """A picture as the encoder reads it, with the size a person saw (after rotation)."""

    pixels: NDArray[np.float32]  # (3, size, size)
    width: int  # pixels, of the original
    height: int


def prepare(source: ImageSource, preprocessing: Preprocessing) -> PreparedImage:
    """Open, turn upright, make RGB, squash to the encoder's square, normalise.

    Args:
        source: a path, the bytes of a picture file, or a Pillow image.
        preprocessing: the encoder's own; a bundle carries it.

    Raises:
        ImageError: not a picture we can read; the message names the file and the reason.
    """
    # Twice the target keeps the final resize, which averages, as good as from full size.
    rgb, width, height = open_rgb(source, at_least=2 * preprocessing.size)
    return PreparedImage(normalise(rgb, preprocessing), width, height)


def open_rgb(source: ImageSource, *, at_least: int) -> tuple[Image.Image, int, int]:
    """Open a picture upright and as RGB.

    Args:
        at_least: pixels; a large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, which is much
            faster, as long as both sides keep this length.

    Returns:
        The picture, and the width and height of the original as a person sees it.

    Raises:
        ImageError: not a picture we can read; the message names the file and the reason.
    """
    name = describe(source)
    try:
        with _open(source) as image:
            width, height = _upright_size(image)
            image.draft(image.mode, (at_least, at_least))
            return to_rgb(ImageOps.exif_transpose(image)), width, height
    except UnidentifiedImageError as error:
        raise ImageError(f"{name}: not a picture in a format we read") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: too many pixels to open safely ({error})") from error
    except FileNotFoundError as error:
        raise ImageError(f"{name}: no such file") from error
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow's decoders raise
        raise ImageError(f"{name}: cannot be decoded, it may be truncated ({error})") from error


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
    """Make RGB of any mode: 16-bit scaled, palettes looked up, transparency laid on white."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float32)
    top = float(values.max(initial=0.0))
    if image.mode.startswith("I") and top > 255:
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
            raise ImageError(f"{describe(source)}: empty")
        return Image.open(io.BytesIO(source))
    path = Path(source)
    if path.is_dir():
        raise ImageError(f"{path}: a folder, not a picture")
    if path.exists() and path.stat().st_size == 0:
        raise ImageError(f"{path}: the file is empty (0 bytes)")
    return Image.open(path)


def _register_heif() -> None:
    import pi_heif  # reads HEIC; loaded late because most calls never need it

    pi_heif.register_heif_opener()


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Give width and height as a person sees them, after EXIF rotation."""
    sideways = image.getexif().get(0x0112) in (5, 6, 7, 8)  # EXIF Orientation
    return (image.height, image.width) if sideways else image.size


def describe(source: ImageSource) -> str:
    """Name a picture in a message: its path, or what it is when it has none."""
    if isinstance(source, str | os.PathLike):
        return str(Path(source))
    return "image bytes" if isinstance(source, bytes) else "image"


def is_picture(path: Path) -> bool:
    """Tell by content, never by suffix, whether a file holds a picture we read."""
    _register_heif()
    try:
        with Image.open(path):
            return True
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def find_pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """Walk folders, in sorted order, for pictures; a path that is no folder is passed on as is.

    Files that hold no picture, hidden files and hidden folders are left out of a folder's walk.
    A file that was named by the caller is never left out: if it is no picture, `prepare` says so.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
            if not hidden and found.is_file() and is_picture(found):
                yield found
