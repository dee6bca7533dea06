"""Batches of several datasets in one epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch

from showtell.data.batches.dataset import Batch
from showtell.data.batches.mixture import Mixture


@dataclass(frozen=True)
class Numbered:
    """Gives batches that hold nothing but their number and what they were asked for."""

    first: int
    count: int

    def num_batches(self, batch_size: int, *, world_size: int = 1) -> int:
        return self.count // world_size

    def batches(
        self,
        batch_size: int,
        *,
        seed: int,
        epoch: int,
        first: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[Batch]:
        for number in range(first, self.num_batches(batch_size, world_size=world_size)):
            inputs = torch.tensor([self.first + number, batch_size, seed, epoch, rank])
            yield Batch(None, inputs, inputs, inputs, inputs)


MIXTURE = Mixture([Numbered(0, 20), Numbered(100, 7), Numbered(200, 0)])


def numbers(seed: int = 1, epoch: int = 1, **more: int) -> list[int]:
    batches = MIXTURE.batches(4, seed=seed, epoch=epoch, **more)
    return [int(batch.inputs[0]) for batch in batches]


def test_every_batch_of_each_comes_once_and_in_its_order() -> None:
    found = numbers()
    assert MIXTURE.num_batches(4) == len(found) == 27
    assert [n for n in found if n < 100] == list(range(20))
    assert [n for n in found if n >= 100] == list(range(100, 107))


def test_they_are_mixed_otherwise_in_every_epoch_and_by_every_seed() -> None:
    assert numbers() == numbers()
    assert len({tuple(numbers(*asked)) for asked in ((1, 1), (1, 2), (2, 1))}) == 3
    assert numbers() != sorted(numbers())


@pytest.mark.parametrize("first", range(28))
def test_an_epoch_goes_on_exactly_where_it_was_left(first: int) -> None:
    assert numbers(first=first) == numbers()[first:]


def test_each_is_asked_as_the_mixture_is() -> None:
    asked = [
        batch.inputs[1:].tolist()
        for batch in MIXTURE.batches(4, seed=5, epoch=6, rank=1, world_size=2)
    ]
    assert asked == [[4, 5, 6, 1]] * 13
    assert MIXTURE.num_batches(4, world_size=2) == 13


def test_all_processes_take_the_batches_in_the_same_order() -> None:
    assert numbers(rank=0, world_size=2) == numbers(rank=1, world_size=2)
