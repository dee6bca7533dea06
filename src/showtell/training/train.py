"""`showtell train`: from a dataset on disk to a trained run folder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch

from showtell.config import Config, EncoderConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import CachedFeatures, Photos, never_read
from showtell.data.records import Dataset, Record
from showtell.data.sources import load_dataset
from showtell.errors import ConfigError, DataError, counted, first_few
from showtell.models.build import check_decoder
from showtell.models.encoders import Encoder, build_encoder
from showtell.progress import Progress, no_progress
from showtell.text import tokenize
from showtell.training.description import describe_data, describe_run, describe_software
from showtell.training.epochs import Events, TrainingState
from showtell.training.features import compute_features, hash_pictures
from showtell.training.in_folder import train_in_folder
from showtell.training.live import live_data
from showtell.training.loop import Trainer
from showtell.training.plot import draw_curves
from showtell.training.processes import Processes, local_rank, processes_here
from showtell.training.run import RunFolder, TrainedRun
from showtell.training.teachers import Teachers
from showtell.vocabulary import Vocabulary


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
    cache_dir: Path | None = None,
    progress: Progress = no_progress,
) -> TrainingData:
    """Read the train and val splits, build the vocabulary from train, look up the features.

    Args:
        init: a run whose vocabulary and encoder are taken over.

    Raises:
        ConfigError: no such decoder, or it attends and there is but one vector a photo, or `init`
            has another encoder.
        DataError: a split is incomplete, a dataset file is malformed, or train and val overlap.
        ImageError: a picture cannot be decoded.
    """
    check_decoder(config)
    dataset = load_dataset(data_dir)
    splits = require_splits(dataset)
    records = [record for split in splits.values() for record in split]
    encoder = _encoder_of(config, init)
    photos, hashes = _photos_of(records, config, encoder, cache_dir, progress)
    tokens = {
        name: [tokenize(caption) for record in split for caption in record.captions]
        for name, split in splits.items()
    }
    vocabulary = (
        init.vocabulary
        if init and init.vocabulary
        else Vocabulary.build(tokens["train"], min_count=config.training.min_count)
    )
    datasets = {
        name: CaptionDataset(split, vocabulary, photos([hashes[r.image_id] for r in split]))
        for name, split in splits.items()
    }
    return TrainingData(
        train=datasets["train"],
        val=datasets["val"],
        vocabulary=vocabulary,
        feature_dim=encoder.feature_dim,
        encoder=encoder,
        encoder_sha256=init.encoder_sha256 if init else encoder.sha256,
        train_coverage=vocabulary.coverage(tokens["train"]),
        val_coverage=vocabulary.coverage(tokens["val"]),
        description=describe_data(data_dir.resolve().name, splits, hashes),
        notes=(*dataset.notes, *note_copies(splits, hashes)),
    )


def _photos_of(
    records: Sequence[Record],
    config: Config,
    encoder: Encoder,
    cache_dir: Path | None,
    progress: Progress,
) -> tuple[Callable[[list[str]], Photos], dict[str, str]]:
    """Give what finds cached features by the pictures' hashes, and these hashes by image id.

    No features are computed where the encoder learns from the first epoch on.
    """
    if config.finetuning.from_epoch == 1:
        return lambda digests: never_read, hash_pictures(records)
    cache, hashes = compute_features(
        records, config.encoder, encoder=encoder, cache_dir=cache_dir, progress=progress
    )
    features = cache.open()
    return lambda digests: CachedFeatures(features, cache.rows(digests)), hashes


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


def train_captioner(
    config: Config,
    data: TrainingData,
    out: Path,
    *,
    processes: Processes | None = None,
    init: TrainedRun | None = None,
    teachers: Sequence[TrainedRun] = (),
    command: str = "",
    force: bool = False,
    tensorboard: bool = False,
    events: Events | None = None,
) -> TrainingState:
    """Train, or go on with the run that `out` holds, and draw its curves after every epoch.

    Args:
        processes: this one among several that train together, and its device.
        init: a run whose best epoch to begin with.
        teachers: runs whose predictions to learn from, as `config.distillation` says.
        command: how this was asked for; kept with the run for the record.
        force: delete the run that `out` holds and begin anew.
        tensorboard: write its logs too, into the run's folder.

    Raises:
        CheckpointError: `out` holds a run with other settings or other data, or another process
            is training there.
        ConfigError: the weights of `init` do not fit, or the encoder cannot learn.
        KeyboardInterrupt: `events.should_stop` said so; the run can go on later.
    """
    processes = processes or Processes()
    folder = RunFolder(out)
    described = describe_run(
        config,
        data.description,
        describe_software(command, str(processes.device)),
        encoder_sha256=data.encoder_sha256,
        init=init.describe() if init else None,
        teachers=[teacher.describe() for teacher in teachers],
    )
    unit = "train: minus reward; val: nats" if config.self_critical.samples else "nats per token"
    recogniser = data.encoder.recogniser
    return train_in_folder(
        folder,
        described,
        partial(_trainer, config, data, folder, processes, init, teachers),
        draw=partial(draw_curves, title=config.name, unit=unit),
        processes=processes,
        vocabulary=data.vocabulary,
        concepts=recogniser.concepts if recogniser else None,
        force=force,
        tensorboard=tensorboard,
        events=events,
    )


@contextmanager
def _trainer(
    config: Config,
    data: TrainingData,
    folder: RunFolder,
    processes: Processes,
    init: TrainedRun | None,
    teachers: Sequence[TrainedRun],
) -> Iterator[Trainer]:
    has_learned = init is not None and init.encoder_weights is not None
    with live_data(data.encoder, config, has_learned=has_learned) as live:
        yield Trainer(
            config,
            train=data.train,
            val=data.val,
            vocabulary=data.vocabulary,
            feature_dim=data.feature_dim,
            folder=folder,
            processes=processes,
            live=live,
            weights=init.weights if init else None,
            teachers=_teachers(teachers, config, data, processes.device),
        )


def _teachers(
    runs: Sequence[TrainedRun], config: Config, data: TrainingData, device: torch.device
) -> Teachers | None:
    if bool(runs) != (config.distillation.weight > 0):
        raise ConfigError("teachers and distillation.weight go together: give both or neither")
    if not runs:
        return None
    return Teachers(
        runs, config=config, vocabulary=data.vocabulary, encoder=data.encoder, device=device
    )


def choose_device(name: str) -> torch.device:
    """Give the device of a name; `auto` is the GPU where there is one.

    Raises:
        ConfigError: CUDA was asked for and is not there, or has fewer GPUs than processes.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device cuda: PyTorch finds no CUDA GPU here; use --device cpu")
    if name != "cuda":
        return torch.device(name)
    if local_rank() >= torch.cuda.device_count():
        raise ConfigError(
            f"{processes_here()} processes on this machine, but {torch.cuda.device_count()} GPUs; "
            "start one process a GPU"
        )
    return torch.device("cuda", local_rank())
