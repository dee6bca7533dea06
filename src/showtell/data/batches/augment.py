"""Altered photos for a network that learns from them: mirrored, and cropped at random.

What is done to a photo depends on the seed, the epoch and the photo alone, so that a resumed run
sees the same.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

MOST_ASPECT = 4 / 3  # of a crop, beside the photo's own; the least is its inverse


@dataclass(frozen=True, kw_only=True)
class View:
    """An alteration of photos that is the same each time: what is seen of it can be kept."""

    number: int  # from 1; 0 would be the photo as it is
    flip: bool  # as `augment` takes them
    crop: float
    seed: int

    def alter(self, photo: Image.Image, sha256: str) -> Image.Image:
        """Alter a photo as its content says, so that the dataset it is in does not count.

        Args:
            sha256: of the photo's file, hexadecimal.
        """
        random = np.random.default_rng([self.seed, self.number, int(sha256, 16)])
        return augment(photo, random, flip=self.flip, crop=self.crop)


def augment(
    photo: Image.Image, random: np.random.Generator, *, flip: bool, crop: float
) -> Image.Image:
    """Mirror half of all photos, and keep a random part.

    Args:
        crop: the smallest share of the area that is kept, above 0; with 1, all of it is.

    Source: the crops of Szegedy et al. 2015 (arXiv:1409.4842), section 6, with a larger part kept.
    """
    if flip and random.random() < 0.5:
        photo = ImageOps.mirror(photo)
    return _crop(photo, random, crop) if crop < 1 else photo


def _crop(photo: Image.Image, random: np.random.Generator, smallest: float) -> Image.Image:
    area = random.uniform(smallest, 1)
    most = min(MOST_ASPECT, 1 / area)  # or a side would stick out
    aspect = math.exp(random.uniform(-math.log(most), math.log(most)))
    width = max(1, round(photo.width * math.sqrt(area * aspect)))
    height = max(1, round(photo.height * math.sqrt(area / aspect)))
    left = int(random.integers(photo.width - width + 1))
    top = int(random.integers(photo.height - height + 1))
    return photo.crop((left, top, left + width, top + height))
