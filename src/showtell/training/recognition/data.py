"""What an encoder learns to recognise from: photos with captions and without, in their views."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from showtell.concepts import find_caption_words, load_imagenet_words, word_shares
from showtell.config import Config
from showtell.data.batches.augment import View
from showtell.data.batches.photos import CachedFeatures
from showtell.data.batches.views import ViewDataset
from showtell.data.reading.tree import walk
from showtell.data.records import ImageFile
from showtell.data.sources import load_dataset
from showtell.errors import DataError, counted
from showtell.models.encoders import Encoder, build_encoder
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.models.recogniser import Recogniser, begin_recogniser
from showtell.progress import Progress, no_progress
from showtell.text import tokenize
from showtell.training.description import describe_data, describe_photos
from showtell.training.features import compute_kinds, hash_files, hash_pictures
from showtell.training.train import note_copies, require_splits


@dataclass(frozen=True, kw_only=True)
class RecognitionData:
    """A dataset ready to learn to recognise from."""

    train: ViewDataset
    val: ViewDataset
    encoder: Encoder  # as published
    recogniser: Recogniser  # that knows of words only how common they are
    description: dict[str, Any]  # name and split hashes
    photos: dict[str, Any] | None  # how many have no captions, and their hash; None: there are none
    notes: tuple[str, ...] = ()  # on the dataset, for people

    @property
    def summary(self) -> str:
        """Count images and concepts in a line."""
        of_classes, of_captions = self.recogniser.concepts.groups
        return (
            f"{counted(len(self.train), 'train image')} and {self.train.num_others} without "
            f"captions, {counted(len(self.val), 'val image')}; {len(of_captions)} words of "
            f"captions, {len(of_classes)} of ImageNet's classes"
        )


def load_recognition_data(
    config: Config,
    data_dir: Path,
    *,
    photos_dir: Path | None = None,
    cache_dir: Path | None = None,
    progress: Progress = no_progress,
) -> RecognitionData:
    """Read train and val, choose the words, compute what the encoder's trunk sees in each view.

    Args:
        photos_dir: a folder of photos without captions.

    Raises:
        DataError: a split is incomplete, a dataset file is malformed, train and val overlap, no
            word is said often enough, or the folder holds no photo.
        ImageError: a picture cannot be decoded.
    """
    settings = config.recognition
    dataset = load_dataset(data_dir)
    splits = require_splits(dataset)
    hashes = hash_pictures([record for split in splits.values() for record in split])
    others = _photos_in(photos_dir) if photos_dir else {}
    tokens = {
        name: [[tokenize(caption) for caption in record.captions] for record in split]
        for name, split in splits.items()
    }
    said = (caption for captions in tokens["train"] for caption in captions)
    words = find_caption_words(said, min_count=settings.min_count)
    shares = {name: word_shares(captions, words) for name, captions in tokens.items()}
    encoder = build_encoder(config.encoder)
    images = {
        name: {hashes[record.image_id]: record.image for record in split}
        for name, split in splits.items()
    }
    rows = {name: [hashes[r.image_id] for r in split] for name, split in splits.items()}
    num_looks = len(images["val"]) + settings.views * len(images["train"])
    num_looks += settings.unlabelled_views * len(others)
    looks = _Looks(config, encoder, cache_dir, lambda done, _: progress(done, num_looks))
    val = looks.views(images["val"], rows["val"], 1)
    train = looks.views(images["train"], rows["train"], settings.views)
    unlabelled = looks.views(others, list(others), settings.unlabelled_views) if others else []
    network = encoder.network
    assert isinstance(network, EfficientNetLite)
    return RecognitionData(
        train=ViewDataset(train, torch.from_numpy(shares["train"]), unlabelled),
        val=ViewDataset(val, torch.from_numpy(shares["val"])),
        encoder=encoder,
        recogniser=begin_recogniser(
            network.classifier,
            class_words=load_imagenet_words(),
            caption_words=words,
            shares=shares["train"].mean(axis=0),
        ),
        description=describe_data(data_dir.resolve().name, splits, hashes),
        photos=describe_photos(others) if others else None,
        notes=(*dataset.notes, *note_copies(splits, hashes)),
    )


def _photos_in(folder: Path) -> dict[str, ImageFile]:
    """Give the different pictures below a folder by their sha256."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder of photos")
    files = list(walk(folder).images.values())
    if not files:
        raise DataError(f"{folder} holds no photo")
    return dict(zip(hash_files(files), files, strict=True))


class _Looks:
    """Computes what the trunk sees, view after view, and reports all of it as one work."""

    def __init__(
        self, config: Config, encoder: Encoder, cache_dir: Path | None, progress: Progress
    ) -> None:
        self._config, self._encoder = config, encoder
        self._cache_dir, self._progress = cache_dir, progress
        self._done = 0

    def views(
        self, images: Mapping[str, ImageFile], rows: list[str], number: int
    ) -> list[CachedFeatures]:
        """Give so many views of photos, the first of them as they are.

        Args:
            images: by the sha256 of their files.
            rows: these hashes in the order in which the photos are numbered.
        """
        found = []
        for view in (self._view(n) for n in range(number)):
            cache = compute_kinds(
                images,
                self._encoder,
                ["trunk"],
                view=view,
                cache_dir=self._cache_dir,
                progress=lambda done, total: self._progress(self._done + done, total),
            )["trunk"]
            self._done += len(images)
            found.append(CachedFeatures(cache.open(), cache.rows(rows)))
        return found

    def _view(self, number: int) -> View | None:
        if number == 0:
            return None
        altered = self._config.finetuning
        return View(number=number, flip=altered.flip, crop=altered.crop, seed=self._config.seed)
