"""Altered photos for a network that learns from them: mirrored, and cropped at random.

What is done to a photo depends on the seed, the epoch and the photo alone, so that a resumed run
sees the same.
"""

import math

import numpy as np
from PIL import Image, ImageOps

ASPECT = (3 / 4, 4 / 3)  # of a crop, beside the photo's own


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
    aspect = math.exp(random.uniform(*np.log(ASPECT)))
    width = round(photo.width * min(1, math.sqrt(area * aspect)))
    height = round(photo.height * min(1, math.sqrt(area / aspect)))
    left = int(random.integers(photo.width - width + 1))
    top = int(random.integers(photo.height - height + 1))
    return photo.crop((left, top, left + max(1, width), top + max(1, height)))
