"""From a picture to the numbers that an encoder reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from showtell.errors import ConfigError
from showtell.images.reading import MAX_IMAGE_MPIXELS, open_rgb
from showtell.images.sources import ImageSource

MAX_SIZE = 4096  # pixels; encoders take 224 to 600


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
        if not 1 <= self.size <= MAX_SIZE:
            raise ConfigError(f"size must be at least 1 pixel, at most {MAX_SIZE}, got {self.size}")
        if len(self.mean) != 3 or not np.isfinite(self.mean).all():
            raise ConfigError(f"mean must be 3 numbers, got {self.mean}")
        if len(self.std) != 3 or not all(0 < value < np.inf for value in self.std):
            raise ConfigError(f"std must be 3 numbers above 0, got {self.std}")


@dataclass(frozen=True)
class PreparedImage:
    """A picture as the encoder reads it, with the size a person saw (after rotation)."""

    pixels: NDArray[np.float32]  # (3, size, size)
    width: int  # pixels, of the original
    height: int
    frame: tuple[int, int] | None = None  # of an animation: which picture, from 1, of how many


def prepare(
    source: ImageSource,
    preprocessing: Preprocessing,
    *,
    name: str | None = None,
    alter: Callable[[Image.Image], Image.Image] | None = None,
    max_image_mpixels: float = MAX_IMAGE_MPIXELS,
) -> PreparedImage:
    """Open, turn upright, make RGB, squash to the encoder's square, normalise.

    Args:
        source: a path, the bytes of a picture file, an open file, a Pillow image or an array.
        preprocessing: the encoder's own; a bundle carries it.
        name: what to call the picture in messages, where the source is not a path.
        alter: done to the upright RGB picture, to train on what it gives.
        max_image_mpixels: refuse a picture of more megapixels.

    Raises:
        ImageError: not a picture we can read; the message names the file and the reason.
        TypeError: nothing that a picture can be in.
    """
    # Twice the target keeps the final resize, which averages, as good as from full size.
    at_least = 2 * preprocessing.size
    opened = open_rgb(source, at_least=at_least, name=name, max_image_mpixels=max_image_mpixels)
    pixels = normalise(alter(opened.rgb) if alter else opened.rgb, preprocessing)
    return PreparedImage(pixels, opened.width, opened.height, opened.frame)


def normalise(rgb: Image.Image, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Resize an RGB picture to the square and scale its channels: (3, size, size) float32."""
    side = (preprocessing.size, preprocessing.size)
    if rgb.size != side:
        rgb = rgb.resize(side, Image.Resampling.BICUBIC)
    mean = np.asarray(preprocessing.mean, dtype=np.float32)
    std = np.asarray(preprocessing.std, dtype=np.float32)
    values = (np.asarray(rgb, dtype=np.float32) - mean) / std  # (height, width, 3)
    return np.ascontiguousarray(values.transpose(2, 0, 1))
