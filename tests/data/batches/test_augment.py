"""Altered photos."""

import numpy as np
import pytest
from PIL import Image

from showtell.data.batches.augment import augment


def gradient(width: int = 40, height: int = 30) -> Image.Image:
    """Red grows to the right, green downwards."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([x, y, 0 * x], axis=-1).astype(np.uint8))


def altered(seed: int, *, flip: bool, crop: float) -> np.ndarray:
    return np.asarray(augment(gradient(), np.random.default_rng(seed), flip=flip, crop=crop))


def test_half_of_the_photos_are_mirrored_and_the_others_are_as_they_were() -> None:
    original = np.asarray(gradient())
    found = [altered(seed, flip=True, crop=1) for seed in range(200)]
    mirrored = sum(np.array_equal(photo, original[:, ::-1]) for photo in found)
    assert mirrored + sum(np.array_equal(photo, original) for photo in found) == 200
    assert 70 < mirrored < 130


def test_nothing_is_done_when_nothing_is_asked_for() -> None:
    assert np.array_equal(altered(0, flip=False, crop=1), np.asarray(gradient()))


@pytest.mark.parametrize("smallest", [0.3, 0.8])
def test_a_crop_is_a_part_of_the_photo_of_about_the_area_asked_for(smallest: float) -> None:
    areas = []
    for seed in range(200):
        photo = altered(seed, flip=False, crop=smallest)
        height, width = photo.shape[:2]
        left, top = photo[0, 0, :2]
        expected = np.asarray(gradient())[top : top + height, left : left + width]
        assert np.array_equal(photo, expected)
        areas.append(width * height / (40 * 30))
    assert smallest - 0.03 < min(areas) < smallest + 0.1  # sides are whole pixels
    assert max(areas) > 0.95
    assert len(set(areas)) > 20


def test_the_same_numbers_give_the_same_photo() -> None:
    assert np.array_equal(altered(7, flip=True, crop=0.5), altered(7, flip=True, crop=0.5))


def test_a_photo_of_one_pixel_survives() -> None:
    photo = Image.new("RGB", (1, 1))
    assert augment(photo, np.random.default_rng(0), flip=True, crop=0.1).size == (1, 1)
