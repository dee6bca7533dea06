"""Altered photos for a network that learns from them: mirrored, and cropped at random.

What is done to a photo depends on the seed, the epoch and the photo alone, so that a resumed run
sees the same.
"""

import math

import numpy as np
from PIL import Image, ImageOps

MOST_ASPECT = 4 / 3  # of a crop, beside the photo's own; the least is its inverse


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
