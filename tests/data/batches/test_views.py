"""Photos in several views, in batches."""

import numpy as np
import torch

from showtell.data.batches.photos import CachedFeatures
from showtell.data.batches.views import ViewBatch, ViewDataset


def photos(num: int, view: int, first: int = 0) -> CachedFeatures:
    """Photos of one number: which they are, and in which view."""
    values = np.arange(first, first + num) + 100 * view
    return CachedFeatures(values.astype(np.float16)[:, None, None, None], np.arange(num))


DATA = ViewDataset(
    [photos(10, 0), photos(10, 1), photos(10, 2)],
    torch.arange(10.0)[:, None],
    [photos(4, 0, 50), photos(4, 1, 50)],
)


def epoch(number: int = 1, **more: int) -> list[ViewBatch]:
    return list(DATA.batches(4, 3, seed=1, epoch=number, **more))


def seen(batches: list[ViewBatch], *, others: bool) -> list[int]:
    """The numbers of the photos with captions, or of the others."""
    of = [
        b.activations[b.num_targets :] if others else b.activations[: b.num_targets]
        for b in batches
    ]
    return [int(number) for part in of for number in part.flatten()]


def test_each_photo_comes_once_an_epoch_with_its_own_words() -> None:
    batches = epoch()
    assert [b.num_targets for b in batches] == [4, 4, 2]
    assert DATA.num_batches(4) == 3
    numbers = [number % 100 for number in seen(batches, others=False)]
    assert sorted(numbers) == list(range(10))
    assert numbers == [int(n) for b in batches for n in b.shares.flatten()]


def test_views_change_from_epoch_to_epoch_and_from_photo_to_photo() -> None:
    views = [{n % 100: n // 100 for n in seen(epoch(e), others=False)} for e in range(1, 20)]
    assert all(len({of[photo] for of in views}) == 3 for photo in range(10))
    assert all(len(set(of.values())) > 1 for of in views)


def test_the_others_go_round() -> None:
    numbers = [n % 100 - 50 for n in seen(epoch(), others=True)]
    assert len(numbers) == 9
    assert sorted(numbers[:4]) == [0, 1, 2, 3]
    assert numbers[4:8] == numbers[:4]


def test_an_epoch_resumes_with_the_batches_that_are_left() -> None:
    whole, rest = epoch(), epoch(first=1)
    assert len(rest) == 2
    for a, b in zip(whole[1:], rest, strict=True):
        assert torch.equal(a.activations, b.activations)
        assert torch.equal(a.shares, b.shares)


def test_processes_share_each_batch() -> None:
    for others in (False, True):
        whole = seen(epoch(), others=others)
        shares = [seen(epoch(rank=rank, world_size=2), others=others) for rank in (0, 1)]
        assert sorted(whole) == sorted(shares[0] + shares[1])


def test_there_need_be_no_others() -> None:
    alone = ViewDataset(DATA.views, DATA.shares)
    (batch, *_) = alone.batches(4, 3, seed=1, epoch=1)
    assert batch.activations.shape == (4, 1, 1, 1)
