"""From a dataset on disk to what a decoder learns from: captions as ids, features, a vocabulary."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from showtell.config import Config, EncoderConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import (
    CachedFeatures,
    CachedViews,
    JitteredConcepts,
    Photos,
    never_read,
)
from showtell.data.batches.text import TextDataset
from showtell.data.pseudo_captions import PseudoCaptions
from showtell.data.records import Dataset, ImageFile, Record
from showtell.data.sources import load_dataset
from showtell.data.text import Text
from showtell.errors import ConfigError, DataError, counted, first_few
from showtell.models.build import check_decoder
from showtell.models.encoders import Encoder, build_encoder
from showtell.progress import Progress, no_progress
from showtell.text import tokenize
from showtell.training.description import describe_data, describe_photos
from showtell.training.features import hash_pictures
from showtell.training.looks import Looks, photos_in
from showtell.training.run import TrainedRun
from showtell.training.text_pairs import pair_sentences
from showtell.vocabulary import Vocabulary

LONGEST_SENTENCE = 20  # words; longer ones of a text are left out, and those of fewer than
SHORTEST_SENTENCE = 4


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """A dataset ready to train on."""

    train: CaptionDataset
    val: CaptionDataset
    vocabulary: Vocabulary
    feature_dim: int  # D
    encoder: Encoder  # what gave the features
    encoder_sha256: str  # of the weights it was built with, before it learned anything
    train_coverage: float  # share of running tokens that the vocabulary knows, 0 to 1
    val_coverage: float
    description: dict[str, Any]  # name and split hashes
    text: TextDataset | None = None  # sentences without photos, beside borrowed ones
    pseudo: CaptionDataset | None = None  # photos without captions, and what a model says of them
    others: dict[str, Any] | None = None  # the photos without captions, for the record
    notes: tuple[str, ...] = ()  # on the dataset, for people: drawn splits, what is left out

    @property
    def summary(self) -> str:
        """Count images, captions and words in a line."""
        return (
            f"{counted(len(self.train), 'train image')} with "
            f"{counted(self.train.num_captions, 'caption')}, "
            f"{counted(len(self.val), 'val image')}; vocabulary {len(self.vocabulary)}, covers "
            f"{self.train_coverage:.1%} of train and {self.val_coverage:.1%} of val words"
        )


def load_training_data(
    config: Config,
    data_dir: Path,
    *,
    init: TrainedRun | None = None,
    text: Text | None = None,
    photos_dir: Path | None = None,
    pseudo_captions: PseudoCaptions | None = None,
    cache_dir: Path | None = None,
    progress: Progress = no_progress,
) -> TrainingData:
    """Read the train and val splits, build the vocabulary from train, look up the features.

    Args:
        init: a run whose vocabulary and encoder are taken over.
        text: sentences without photos, where the config says how many to learn from.
        photos_dir: a folder of photos without captions, which the text's sentences borrow; without
            it they borrow those of train.
        pseudo_captions: what a model says of the photos of that folder.

    Raises:
        ConfigError: no such decoder, or it attends and there is but one vector a photo, or `init`
            has another encoder, or the decoder looks at concepts and the encoder gives none.
        DataError: a split is incomplete, a dataset file is malformed, or train and val overlap.
        ImageError: a picture cannot be decoded.
    """
    check_decoder(config)
    dataset = load_dataset(data_dir)
    splits = require_splits(dataset)
    encoder = _encoder_of(config, init)
    learns_text = text is not None and config.text.sentences > 0
    others = photos_in(photos_dir) if photos_dir and (learns_text or pseudo_captions) else {}
    pseudo = _pseudo_records(pseudo_captions, others, config) if pseudo_captions else []
    to_borrow = others if learns_text else {}
    photos, hashes = _photos_of(
        splits,
        to_borrow,
        config,
        encoder,
        cache_dir,
        progress,
        pseudo={record.image_id: record.image for record in pseudo},
    )
    tokens = {
        name: [tokenize(caption) for record in split for caption in record.captions]
        for name, split in splits.items()
    }
    sentences = text.sentences if text and config.decoder.concept_places else ()
    vocabulary = (
        init.vocabulary
        if init and init.vocabulary
        else Vocabulary.build(
            tokens["train"],
            min_count=config.training.min_count,
            text=sentences,
            text_min_count=config.text.min_count,
        )
    )
    datasets = {
        name: CaptionDataset(split, vocabulary, photos[name].features, photos[name].concepts)
        for name, split in splits.items()
    }
    if pseudo:
        datasets["pseudo"] = CaptionDataset(
            pseudo,
            vocabulary,
            photos["pseudo"].features,
            photos["pseudo"].concepts,
            by_people=False,
        )
    borrowed = photos["others" if to_borrow else "train"]
    return TrainingData(
        train=datasets["train"],
        val=datasets["val"],
        vocabulary=vocabulary,
        feature_dim=encoder.feature_dim,
        encoder=encoder,
        encoder_sha256=init.encoder_sha256 if init else encoder.sha256,
        train_coverage=vocabulary.coverage(tokens["train"]),
        val_coverage=vocabulary.coverage(tokens["val"]),
        description={
            **describe_data(data_dir.resolve().name, splits, hashes),
            **({"text": text.describe()} if text and sentences else {}),
            **({"pseudo_captions": pseudo_captions.describe()} if pseudo_captions else {}),
        },
        text=_borrow(text, borrowed, vocabulary, encoder, config) if text and learns_text else None,
        pseudo=datasets.get("pseudo"),
        others=describe_photos(others) if others else None,
        notes=(*dataset.notes, *note_copies(splits, hashes)),
    )


@dataclass(frozen=True)
class _Seen:
    """What the encoder sees of some photos."""

    features: Photos
    concepts: Photos | None = None
    plain: CachedFeatures | None = None  # the concepts of the photos as they are


def _photos_of(
    splits: Mapping[str, Sequence[Record]],
    others: Mapping[str, ImageFile],
    config: Config,
    encoder: Encoder,
    cache_dir: Path | None,
    progress: Progress,
    *,
    pseudo: Mapping[str, ImageFile],
) -> tuple[dict[str, _Seen], dict[str, str]]:
    """Give what is seen of train, val and others, and the pictures' hashes by image id.

    No features are computed where the encoder learns from the first epoch on.

    Args:
        others: photos that sentences borrow, by their hashes.
        pseudo: those that have pseudo-captions, likewise.
    """
    hashes = hash_pictures([record for split in splits.values() for record in split])
    if config.finetuning.from_epoch == 1:
        return dict.fromkeys(splits, _Seen(never_read)), hashes
    groups: dict[str, tuple[Mapping[str, ImageFile], list[str], int]] = {
        name: (
            {hashes[record.image_id]: record.image for record in split},
            [hashes[record.image_id] for record in split],
            config.training.views if name == "train" else 1,
        )
        for name, split in splits.items()
    }
    if others:
        groups["others"] = others, list(others), 1
    if pseudo:
        groups["pseudo"] = pseudo, list(pseudo), 1
    looks_at = ["concepts"] if config.decoder.concept_places else []
    looks = Looks(
        config,
        encoder,
        [config.encoder.features, *looks_at],
        cache_dir=cache_dir,
        progress=progress,
        total=sum(len(images) * views for images, _, views in groups.values()),
    )
    return {
        name: _seen(looks.at(images, rows, views=views), config, encoder, learned=name == "train")
        for name, (images, rows, views) in groups.items()
    }, hashes


def _seen(
    found: Mapping[str, list[CachedFeatures]], config: Config, encoder: Encoder, *, learned: bool
) -> _Seen:
    """Join the views of photos, and jitter the concepts of those that the encoder learned from."""
    features = CachedViews(found[config.encoder.features], config.seed)
    if "concepts" not in found:
        return _Seen(features)
    concepts: Photos = CachedViews(found["concepts"], config.seed)
    noise = config.training.concept_noise
    if learned and noise and encoder.recogniser:
        of_classes = len(encoder.recogniser.concepts.groups[0])
        concepts = JitteredConcepts(concepts, noise, of_classes, config.seed)
    return _Seen(features, concepts, found["concepts"][0])


def _borrow(
    text: Text, photos: _Seen, vocabulary: Vocabulary, encoder: Encoder, config: Config
) -> TextDataset:
    """Draw photos for the sentences that the vocabulary can say whole."""
    assert photos.plain is not None
    assert photos.concepts is not None
    assert encoder.recogniser is not None
    known = set(vocabulary.tokens)
    sentences = [
        tokens
        for tokens in text.sentences
        if SHORTEST_SENTENCE <= len(tokens) <= LONGEST_SENTENCE and known.issuperset(tokens)
    ]
    if len(sentences) < config.training.batch_size:
        raise DataError(
            f"the text {text.name} holds {counted(len(sentences), 'sentence')} of "
            f"{SHORTEST_SENTENCE} to {LONGEST_SENTENCE} words of the vocabulary: too few for a "
            f"batch of {config.training.batch_size}"
        )
    drawn = pair_sentences(
        sentences,
        encoder.recogniser.concepts,
        photos.plain.features[photos.plain.rows].astype(np.float32),
        temperature=config.text.temperature,
        draws=config.text.draws,
        seed=config.seed,
    )
    return TextDataset(
        sentences=sentences,
        vocabulary=vocabulary,
        drawn=drawn,
        photos=photos.features,
        concepts=photos.concepts,
        feature_dim=encoder.feature_dim,
        settings=config.text,
    )


def _pseudo_records(
    found: PseudoCaptions, photos: Mapping[str, ImageFile], config: Config
) -> list[Record]:
    """Return the photos whose pseudo-captions are sure enough; their ids are their hashes."""
    sure = found.sure(config.pseudo_captions.min_confidence)
    records = [
        Record(image_id=picture, image=photos[picture], captions=(caption,), split="pseudo")
        for picture, caption in sure.items()
        if picture in photos
    ]
    if not records:
        raise DataError(
            f"none of the photos without captions has a caption in {found.name} with a confidence "
            f"of {config.pseudo_captions.min_confidence:g} or more"
        )
    return records


def require_splits(dataset: Dataset) -> dict[str, tuple[Record, ...]]:
    """Give train and val.

    Raises:
        DataError: one is incomplete, or they overlap.
    """
    splits = {name: dataset.require(name) for name in ("train", "val")}
    _check_disjoint(splits["train"], splits["val"])
    return splits


def note_copies(splits: Mapping[str, Sequence[Record]], hashes: Mapping[str, str]) -> Iterator[str]:
    """Tell of the same file in train and val: no reason to refuse, but one to doubt the scores."""
    trained = {hashes[record.image_id] for record in splits["train"]}
    copies = [r.image_id for r in splits["val"] if hashes[r.image_id] in trained]
    if copies:
        yield (
            f"val images that are in train too, under another name: {len(copies)} "
            f"({first_few(copies)}), so scores on val are too good; `showtell data` lists them"
        )


def _encoder_of(config: Config, init: TrainedRun | None) -> Encoder:
    if init is None:
        encoder = build_encoder(config.encoder)
    else:
        check_same_encoder(init.config.encoder, config.encoder)
        encoder = init.build_encoder()
    if config.finetuning.from_epoch:
        _ = encoder.network  # refuses here, not after hours, to let a graph learn
    if config.decoder.concept_places and encoder.recogniser is None:
        raise ConfigError(
            "decoder.concept_places: the encoder names nothing; begin with a run that has "
            "recognition.min_count"
        )
    return encoder


def check_same_encoder(theirs: EncoderConfig, ours: EncoderConfig) -> None:
    names = [f.name for f in fields(ours) if getattr(theirs, f.name) != getattr(ours, f.name)]
    if names:
        differ = ", ".join(f"{n} {getattr(theirs, n)!r}, here {getattr(ours, n)!r}" for n in names)
        raise ConfigError(f"the run to begin with has another encoder: {differ}")


def _check_disjoint(train: Sequence[Record], val: Sequence[Record]) -> None:
    both = sorted({r.image_id for r in train} & {r.image_id for r in val})
    if both:
        raise DataError(
            f"{len(both)} images are in train and in val ({', '.join(both[:3])}), so scores on val "
            "would be of photos that were trained on; take them out of one list"
        )
