"""Where a batch's photos come from: features out of the cache, or pixels for a live encoder."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from showtell.config import FinetuningConfig
from showtell.data.augment import augment
from showtell.data.records import Record
from showtell.images import Preprocessing, normalise, open_rgb


class Photos(Protocol):
    """Photos of a dataset by their position."""

    def __call__(self, images: Sequence[int], epoch: int) -> Tensor:
        """Features (N, L, D), or pixels (N, 3, size, size), float32."""


@dataclass(frozen=True)
class CachedFeatures:
    """Features that an encoder gave once, usually a memory map."""

    features: NDArray[np.float16]  # (rows of the cache, L, D)
    rows: NDArray[np.int64]  # (N,) of each image

    def __call__(self, images: Sequence[int], epoch: int = 0) -> Tensor:
        return torch.from_numpy(self.features[self.rows[list(images)]].astype(np.float32))


@dataclass(frozen=True)
class LivePhotos:
    """Pixels, decoded anew each time; altered if asked to."""

    records: Sequence[Record]
    preprocessing: Preprocessing
    pool: ThreadPoolExecutor
    altered: FinetuningConfig | None = None
    seed: int = 0

    def __call__(self, images: Sequence[int], epoch: int = 0) -> Tensor:
        pixels = self.pool.map(lambda image: self._prepare(image, epoch), images)
        return torch.from_numpy(np.stack(list(pixels)))

    def _prepare(self, image: int, epoch: int) -> NDArray[np.float32]:
        file = self.records[image].image
        at_least = 2 * self.preprocessing.size
        photo, _, _ = open_rgb(file.read_bytes(), at_least=at_least, name=str(file))
        if self.altered is not None:
            random = np.random.default_rng([self.seed, epoch, image])
            photo = augment(photo, random, flip=self.altered.flip, crop=self.altered.crop)
        return normalise(photo, self.preprocessing)
