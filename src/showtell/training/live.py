"""Photos seen live, for an encoder that learns: altered to train on, as they are to validate."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from showtell.config import Config
from showtell.data.batches.ahead import grouped
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import CachedFeatures, LivePhotos
from showtell.models.encoders import Encoder
from showtell.runtime.session import available_cpus
from showtell.training.model import CaptionModel
from showtell.training.processes import processes_here
from showtell.training.validate import evaluating

IMAGES_AT_ONCE = 16  # through the encoder in validation


@dataclass(frozen=True)
class LiveData:
    """An encoder, and how it gets its photos."""

    encoder: Encoder
    config: Config
    pool: ThreadPoolExecutor  # decodes

    def train(self, data: CaptionDataset) -> CaptionDataset:
        """The same captions, each photo mirrored and cropped anew in every epoch."""
        return data.with_photos(
            LivePhotos(
                data.records,
                self.encoder.preprocessing,
                self.pool,
                altered=self.config.finetuning,
                seed=self.config.seed,
            )
        )

    def val(self, data: CaptionDataset, model: CaptionModel) -> CaptionDataset:
        """The same captions, with the features that the encoder gives by now."""
        photos = LivePhotos(data.records, self.encoder.preprocessing, self.pool)
        device = next(model.parameters()).device
        with evaluating(model):
            features = [
                model.look(photos(images).to(device)).cpu().numpy().astype(np.float16)
                for images in grouped(range(len(data)), IMAGES_AT_ONCE)
            ]
        return data.with_photos(CachedFeatures(np.concatenate(features), np.arange(len(data))))


@contextmanager
def live_data(
    encoder: Encoder, config: Config, *, has_learned: bool = False
) -> Iterator[LiveData | None]:
    """Get ready to decode photos in threads, where the config lets the encoder learn.

    Args:
        has_learned: whether it has before, so that its weights are part of the run in any case.
    """
    if config.finetuning.from_epoch == 0 and not has_learned:
        yield None
        return
    with ThreadPoolExecutor(max(1, available_cpus() // processes_here())) as pool:
        yield LiveData(encoder, config, pool)
