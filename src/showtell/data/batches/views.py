"""Photos to learn to recognise from: what a trunk gave of them once, in several views each.

Which photos, in which views, form batch b of epoch e depends on the seed, e and b alone: a resumed
run sees the same.

Shapes: N photos with captions, U others, T channels of h·w locations, W words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from showtell.data.batches.dataset import chunks
from showtell.data.batches.photos import CachedFeatures


@dataclass(frozen=True)
class ViewBatch:
    """Some photos with captions, some without."""

    activations: Tensor  # (N + U, T, h, w) float32; those with captions first
    shares: Tensor  # (N, W) of each photo's captions that say each word, 0 to 1

    @property
    def num_targets(self) -> int:
        """N."""
        return len(self.shares)

    def to(self, device: torch.device) -> "ViewBatch":
        """Copy to a device."""
        return ViewBatch(self.activations.to(device), self.shares.to(device))


@dataclass(frozen=True)
class ViewDataset:
    """Photos of one split, and others without captions."""

    views: Sequence[CachedFeatures]  # of the photos with captions
    shares: Tensor  # (N, W)
    others: Sequence[CachedFeatures] = ()  # views of those without; none, or at least one photo

    def __len__(self) -> int:
        return len(self.shares)

    @property
    def num_others(self) -> int:
        """Photos without captions."""
        return len(self.others[0].rows) if self.others else 0

    def num_batches(self, batch_size: int, *, world_size: int = 1) -> int:
        """Batches of `batch_size` photos with captions in one epoch."""
        return len(chunks(len(self), batch_size, world_size))

    def batches(
        self,
        batch_size: int,
        others_size: int,
        *,
        seed: int,
        epoch: int,
        first: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[ViewBatch]:
        """Shuffle the photos and give each once, in one of its views, beside some of the others.

        The others go round: in their order again when all have been.

        Args:
            others_size: how many of them go into each batch.
            first: the batch to begin with, for a run that resumes inside an epoch.
            rank, world_size: which of several processes this is; each has a share of every batch.
        """
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order, view = _shuffle(len(self), len(self.views), generator)
        other_order, other_view = _shuffle(self.num_others, len(self.others), generator)
        for number, chunk in enumerate(chunks(len(self), batch_size, world_size)):
            if number < first:
                continue
            images = order[list(chunk[rank::world_size])]
            activations = _pick(self.views, images, view)
            if self.others:
                turns = range(number * others_size + rank, (number + 1) * others_size, world_size)
                others = other_order[[turn % self.num_others for turn in turns]]
                activations = torch.cat([activations, _pick(self.others, others, other_view)])
            yield ViewBatch(activations, self.shares[images])


def _shuffle(num: int, num_views: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw an order of photos, and for each photo a view."""
    order = torch.randperm(num, generator=generator)
    return order, torch.randint(max(1, num_views), (num,), generator=generator)


def _pick(views: Sequence[CachedFeatures], images: Tensor, view: Tensor) -> Tensor:
    """Give photos, each in its view: (images, T, h, w) float32."""
    found = [views[int(view[i])].of(i) for i in images.tolist()]
    return torch.from_numpy(np.stack(found).astype(np.float32))
