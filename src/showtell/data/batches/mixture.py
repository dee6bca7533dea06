"""Batches of several datasets, in one epoch."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from showtell.data.batches.dataset import Batch


class Batches(Protocol):
    """What gives the batches of an epoch, as `CaptionDataset` and `TextDataset` do."""

    def num_batches(self, batch_size: int, *, world_size: int = 1) -> int: ...

    def batches(
        self,
        batch_size: int,
        *,
        seed: int,
        epoch: int,
        first: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[Batch]: ...


class Mixture:
    """All batches of some datasets, one after another by chance, each dataset's in its order."""

    def __init__(self, parts: Sequence[Batches]) -> None:
        self._parts = parts

    def num_batches(self, batch_size: int, *, world_size: int = 1) -> int:
        """Batches of all in one epoch."""
        return sum(part.num_batches(batch_size, world_size=world_size) for part in self._parts)

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
        """Give an epoch's batches; arguments as `CaptionDataset.batches` has them."""
        counts = [part.num_batches(batch_size, world_size=world_size) for part in self._parts]
        order = np.repeat(np.arange(len(counts)), counts)
        np.random.default_rng([seed, epoch]).shuffle(order)
        given = np.bincount(order[:first], minlength=len(counts))  # by the run before it was killed
        sources = [
            part.batches(
                batch_size,
                seed=seed,
                epoch=epoch,
                first=int(done),
                rank=rank,
                world_size=world_size,
            )
            for part, done in zip(self._parts, given, strict=True)
        ]
        for source in order[first:]:
            yield next(sources[source])
