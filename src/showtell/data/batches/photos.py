"""Where a batch's photos come from: features out of the cache, or pixels for a live encoder."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image
from torch import Tensor

from showtell.config import FinetuningConfig
from showtell.data.batches.augment import augment
from showtell.data.records import Record
from showtell.images import Preprocessing, prepare

LEAST_PROBABILITY = 1e-5  # of a concept, and as far from certain, before it is jittered


class Photos(Protocol):
    """Photos of a dataset by their position."""

    def __call__(self, images: Sequence[int], epoch: int) -> Tensor:
        """Features (N, L, D), pixels (N, 3, size, size) or concepts (N, C), float32."""


@dataclass(frozen=True)
class CachedFeatures:
    """Features that an encoder gave once, usually a memory map."""

    features: NDArray[np.float16]  # (rows of the cache, …)
    rows: NDArray[np.int64]  # (N,) of each image

    def __call__(self, images: Sequence[int], epoch: int = 0) -> Tensor:
        return torch.from_numpy(self.features[self.rows[list(images)]].astype(np.float32))

    def of(self, image: int) -> NDArray[np.float16]:
        """Give the features of one image."""
        row: NDArray[np.float16] = self.features[self.rows[image]]
        return row


@dataclass(frozen=True)
class CachedViews:
    """Features of several views of photos; which of them a batch sees, chance decides."""

    views: Sequence[CachedFeatures]
    seed: int

    def __call__(self, images: Sequence[int], epoch: int = 0) -> Tensor:
        random = np.random.default_rng([self.seed, epoch, *images])
        return self.views[int(random.integers(len(self.views)))](images)


@dataclass(frozen=True)
class JitteredConcepts:
    """Concepts of photos that the encoder learned from, made as unsure as those of others."""

    concepts: Photos
    noise: float  # standard deviation, nats
    first: int  # the concept from which on they are jittered
    seed: int

    def __call__(self, images: Sequence[int], epoch: int = 0) -> Tensor:
        found = self.concepts(images, epoch)  # (N, C)
        random = np.random.default_rng([self.seed, epoch, *images])
        words = found[:, self.first :]
        noise = torch.from_numpy(random.normal(0, self.noise, tuple(words.shape))).float()
        jittered = (torch.logit(words, eps=LEAST_PROBABILITY) + noise).sigmoid()
        return torch.cat([found[:, : self.first], jittered], dim=1)


def never_read(images: Sequence[int], epoch: int) -> Tensor:
    """Stand for the photos of a dataset of which only the captions are wanted."""
    raise AssertionError("the photos of this dataset are seen live, never from a cache")


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
        random = np.random.default_rng([self.seed, epoch, image])

        def alter(photo: Image) -> Image:
            settings = self.altered
            if settings is None:
                return photo
            return augment(photo, random, flip=settings.flip, crop=settings.crop)

        return prepare(file.read_bytes(), self.preprocessing, name=str(file), alter=alter).pixels
