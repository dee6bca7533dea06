"""What an encoder learns to recognise from: photos with captions and without, in their views."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from showtell.concepts import find_caption_words, load_imagenet_words, word_shares
from showtell.config import Config
from showtell.data.batches.views import ViewDataset
from showtell.data.sources import load_dataset
from showtell.errors import counted
from showtell.models.encoders import Encoder, build_encoder
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.models.recogniser import Recogniser, begin_recogniser
from showtell.progress import Progress, no_progress
from showtell.text import tokenize
from showtell.training.data import note_copies, require_splits
from showtell.training.description import describe_data, describe_photos
from showtell.training.features import hash_pictures
from showtell.training.looks import Looks, photos_in


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
    others = photos_in(photos_dir) if photos_dir else {}
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
    looks = Looks(
        config, encoder, ["trunk"], cache_dir=cache_dir, progress=progress, total=num_looks
    )
    val = looks.at(images["val"], rows["val"])["trunk"]
    train = looks.at(images["train"], rows["train"], views=settings.views)["trunk"]
    unlabelled = (
        looks.at(others, list(others), views=settings.unlabelled_views)["trunk"] if others else []
    )
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
