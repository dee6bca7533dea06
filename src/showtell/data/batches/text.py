"""Sentences of a text as batches, each beside a photo that is only borrowed.

The photo's concepts say what the sentence is about; its own features are shown in some of the
batches, and no features at all in the others. Which sentences and photos form batch b of epoch e
depends on the seed, e and b alone.

Shapes: N sentences and as many photos, T tokens, L, D features, C concepts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from showtell.config import TextConfig
from showtell.data.batches.dataset import Batch, as_ids, inputs_and_targets
from showtell.data.batches.photos import Photos
from showtell.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class TextDataset:
    """Sentences, and the photos that were drawn for each."""

    sentences: Sequence[Sequence[str]]
    vocabulary: Vocabulary
    drawn: NDArray[np.int32]  # (S, K) positions of photos
    photos: Photos
    concepts: Photos
    feature_dim: int  # D
    settings: TextConfig

    def num_batches(self, batch_size: int, *, world_size: int = 1) -> int:
        """Batches of `batch_size` sentences in one epoch."""
        return min(self.settings.sentences, len(self.sentences)) // batch_size

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
        """Give an epoch's sentences, shuffled; arguments as `CaptionDataset.batches` has them."""
        random = np.random.default_rng([seed, epoch])
        total = self.num_batches(batch_size)
        order = random.permutation(len(self.sentences))[: total * batch_size].reshape(total, -1)
        columns = random.integers(self.drawn.shape[1], size=order.shape)
        shown = random.random(total) < self.settings.shown
        mine = slice(rank, None, world_size)
        for batch in range(first, total):
            some = order[batch, mine]
            photos = self.drawn[some, columns[batch, mine]]
            yield self._collate(some.tolist(), photos.tolist(), epoch, is_shown=bool(shown[batch]))

    def _collate(
        self, sentences: list[int], photos: list[int], epoch: int, *, is_shown: bool
    ) -> Batch:
        ids = [as_ids(self.sentences[sentence], self.vocabulary) for sentence in sentences]
        inputs, targets = inputs_and_targets(ids)
        nothing = torch.zeros(len(photos), 0, self.feature_dim)
        return Batch(
            images=None,
            photos=self.photos(photos, epoch) if is_shown else nothing,
            image_index=torch.arange(len(photos)),
            inputs=inputs,
            targets=targets,
            concepts=self.concepts(photos, epoch),
        )
