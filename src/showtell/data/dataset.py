"""Captions and features as tensors, and the batches of an epoch.

A batch holds images with all their captions, so features are projected once an image. Which
images form batch b of epoch e depends on the seed, e and b alone: a resumed run sees the same.

Shapes: N images, R captions (rows), T tokens of the longest caption in the batch, L, D features.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from showtell.data.records import Record
from showtell.text import tokenize
from showtell.vocabulary import END_ID, PAD_ID, START_ID, Vocabulary


@dataclass(frozen=True)
class Batch:
    """Some images with their captions."""

    features: Tensor  # (N, L, D) float32
    image_index: Tensor  # (R,) the image each caption describes
    inputs: Tensor  # (R, T) `<start>` and the words
    targets: Tensor  # (R, T) the words and `<end>`; `<pad>` is not scored

    def to(self, device: torch.device) -> "Batch":
        """Copy to a device."""
        return Batch(
            self.features.to(device),
            self.image_index.to(device),
            self.inputs.to(device),
            self.targets.to(device),
        )


class CaptionDataset:
    """The images of one split, their captions as ids, their features by row of a cache."""

    def __init__(
        self,
        records: Sequence[Record],
        vocabulary: Vocabulary,
        features: NDArray[np.float16],
        rows: NDArray[np.int64],
    ) -> None:
        """Join records with features.

        Args:
            features: (rows of the cache, L, D), usually a memory map.
            rows: (N,) the cache row of each record.
        """
        self.records = tuple(records)
        self._features, self._rows = features, rows
        self._captions = [
            [
                torch.tensor([START_ID, *vocabulary.encode(tokenize(c)), END_ID])
                for c in record.captions
            ]
            for record in records
        ]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def num_captions(self) -> int:
        """All captions of all images."""
        return sum(len(captions) for captions in self._captions)

    def features(self, images: Sequence[int]) -> Tensor:
        """Read the features of images by their position: (N, L, D) float32."""
        return torch.from_numpy(self._features[self._rows[list(images)]].astype(np.float32))

    def num_batches(self, batch_size: int) -> int:
        """Batches of about `batch_size` captions in one epoch."""
        return len(self._chunks(batch_size))

    def batches(self, batch_size: int, *, seed: int, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Shuffle the images and give them in batches of about `batch_size` captions.

        Args:
            first: the batch to begin with, for a run that resumes inside an epoch.
        """
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(self), generator=generator).tolist()
        for chunk in self._chunks(batch_size)[first:]:
            yield self._collate([order[i] for i in chunk])

    def _chunks(self, batch_size: int) -> list[range]:
        captions_an_image = self.num_captions / len(self)
        size = max(1, round(batch_size / captions_an_image))
        return [range(i, min(i + size, len(self))) for i in range(0, len(self), size)]

    def _collate(self, images: list[int]) -> Batch:
        captions = [caption for image in images for caption in self._captions[image]]
        counts = torch.tensor([len(self._captions[image]) for image in images])
        padded = torch.nn.utils.rnn.pad_sequence(
            captions, batch_first=True, padding_value=PAD_ID
        )  # (R, T + 1)
        inputs = padded[:, :-1].clone()
        inputs[inputs == END_ID] = PAD_ID  # the last word of a short caption; not scored
        return Batch(
            features=self.features(images),
            image_index=torch.repeat_interleave(torch.arange(len(images)), counts),
            inputs=inputs,
            targets=padded[:, 1:],
        )
