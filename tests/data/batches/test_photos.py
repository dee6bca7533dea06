"""What a batch sees of its photos: one of several views, concepts that are less sure."""

import numpy as np
import pytest
import torch

from showtell.data.batches.photos import CachedFeatures, CachedViews, JitteredConcepts

ROWS = np.array([2, 0, 1])


def views(offset: int, seed: int = 1) -> CachedViews:
    """Three views of three photos: photo p in view v is offset + 10 v + its row."""
    return CachedViews(
        [
            CachedFeatures((offset + 10 * view + np.arange(3)).astype(np.float16)[:, None], ROWS)
            for view in range(3)
        ],
        seed,
    )


def chosen(photos: CachedViews, images: list[int], epoch: int) -> int:
    (view,) = {int(value) // 10 % 10 for value in photos(images, epoch)[:, 0]}
    return view


def test_a_batch_sees_one_view_of_all_its_photos() -> None:
    found = views(100)([2, 0], 1)
    view = chosen(views(100), [2, 0], 1)
    assert found[:, 0].tolist() == [101 + 10 * view, 102 + 10 * view]


def test_grid_and_concepts_are_of_the_same_view() -> None:
    for epoch in range(20):
        for images in ([0], [1, 2], [2, 1, 0]):
            assert chosen(views(100), images, epoch) == chosen(views(500), images, epoch)


def test_all_views_are_seen_in_the_course_of_epochs() -> None:
    seen = [chosen(views(100), [0, 1], epoch) for epoch in range(300)]
    assert all(70 < seen.count(view) < 130 for view in range(3))


def test_the_seed_decides_which_view() -> None:
    def seen(seed: int) -> list[int]:
        return [chosen(views(100, seed), [0, 1], epoch) for epoch in range(20)]

    assert seen(1) == seen(1) != seen(2)


PROBABILITIES = np.array([[0.9, 0.1, 0.7, 0.02, 0.0], [0.5, 0.5, 0.3, 1.0, 0.9]], np.float16)
CONCEPTS = CachedFeatures(PROBABILITIES, np.arange(2))


def test_words_of_imagenet_stay_as_they_are_and_words_of_captions_do_not() -> None:
    found = JitteredConcepts(CONCEPTS, noise=1.0, first=2, seed=1)([0, 1], 3)
    plain = CONCEPTS([0, 1], 3)
    assert torch.equal(found[:, :2], plain[:, :2])
    assert (found[:, 2:] != plain[:, 2:]).all()
    assert found.shape == plain.shape
    assert found.dtype == torch.float32


def test_probabilities_stay_probabilities_however_strong_the_noise() -> None:
    found = JitteredConcepts(CONCEPTS, noise=50.0, first=0, seed=1)([0, 1], 3)
    assert torch.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_the_noise_is_of_that_many_nats_and_leans_to_neither_side() -> None:
    jitter = JitteredConcepts(CONCEPTS, noise=0.7, first=2, seed=1)
    odds = torch.stack([torch.logit(jitter([0], epoch)[0, 2]) for epoch in range(1000)])
    assert odds.mean().item() == pytest.approx(np.log(0.7 / 0.3), abs=0.1)
    assert odds.std().item() == pytest.approx(0.7, abs=0.05)


def test_the_noise_is_the_same_again_for_a_batch_and_another_in_the_next_epoch() -> None:
    jitter = JitteredConcepts(CONCEPTS, noise=0.7, first=2, seed=1)
    assert torch.equal(jitter([1, 0], 3), jitter([1, 0], 3))
    assert not torch.equal(jitter([1, 0], 3), jitter([1, 0], 4))
    other = JitteredConcepts(CONCEPTS, noise=0.7, first=2, seed=2)
    assert not torch.equal(jitter([1, 0], 3), other([1, 0], 3))


def test_without_noise_nothing_changes_but_what_is_too_sure() -> None:
    found = JitteredConcepts(CONCEPTS, noise=0.0, first=2, seed=1)([0, 1], 3)
    torch.testing.assert_close(found, CONCEPTS([0, 1]), atol=1e-4, rtol=0)
