"""`showtell train`: from a dataset on disk to a trained run folder."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from showtell.config import Config
from showtell.data.dataset import CaptionDataset
from showtell.data.photos import CachedFeatures
from showtell.data.sources import Record, load_dataset
from showtell.errors import ConfigError, DataError
from showtell.files import write_atomically
from showtell.models.build import check_decoder
from showtell.models.encoders import Encoder, build_encoder
from showtell.progress import Progress, no_progress
from showtell.runtime.session import available_cpus
from showtell.text import tokenize
from showtell.training.features import compute_features
from showtell.training.live import live_data
from showtell.training.loop import Events, Trainer, TrainingState
from showtell.training.plot import draw_curves
from showtell.training.processes import Processes, local_rank, processes_here
from showtell.training.run import (
    RunFolder,
    TrainedRun,
    begin_run,
    delete_run,
    describe_data,
    describe_software,
    only_trainer_of,
)
from showtell.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """A dataset ready to train on."""

    train: CaptionDataset
    val: CaptionDataset
    vocabulary: Vocabulary
    feature_dim: int  # D
    encoder: Encoder  # what gave the features
    train_coverage: float  # share of running tokens that the vocabulary knows, 0 to 1
    val_coverage: float
    description: dict[str, Any]  # name and split hashes
    notes: tuple[str, ...] = ()  # on the dataset, for people: drawn splits, what is left out


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
    check_decoder(config.decoder, config.encoder)
    dataset = load_dataset(data_dir)
    splits = {name: dataset.require(name) for name in ("train", "val")}
    _check_disjoint(splits["train"], splits["val"])
    records = [record for split in splits.values() for record in split]
    encoder = _encoder_of(config, init)
    cache, hashes = compute_features(
        records, config.encoder, encoder=encoder, cache_dir=cache_dir, progress=progress
    )
    tokens = {
        name: [tokenize(caption) for record in split for caption in record.captions]
        for name, split in splits.items()
    }
    vocabulary = (
        init.vocabulary
        if init
        else Vocabulary.build(tokens["train"], min_count=config.training.min_count)
    )
    features = cache.open()
    datasets = {
        name: CaptionDataset(
            split,
            vocabulary,
            CachedFeatures(features, cache.rows([hashes[r.image_id] for r in split])),
        )
        for name, split in splits.items()
    }
    return TrainingData(
        train=datasets["train"],
        val=datasets["val"],
        vocabulary=vocabulary,
        feature_dim=cache.shape[1],
        encoder=encoder,
        train_coverage=vocabulary.coverage(tokens["train"]),
        val_coverage=vocabulary.coverage(tokens["val"]),
        description=describe_data(data_dir.resolve().name, splits, hashes),
        notes=dataset.notes,
    )


def _encoder_of(config: Config, init: TrainedRun | None) -> Encoder:
    if init is None:
        return build_encoder(config.encoder)
    if init.config.encoder != config.encoder:
        raise ConfigError(
            f"the run to begin with has the encoder {asdict(init.config.encoder)}, this config "
            f"{asdict(config.encoder)}; they must be the same"
        )
    return init.build_encoder()


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
    command: str = "",
    force: bool = False,
    events: Events | None = None,
) -> TrainingState:
    """Train, or go on with the run that `out` holds, and draw its curves after every epoch.

    Args:
        processes: this one among several that train together, and its device.
        init: a run whose best epoch to begin with.
        command: how this was asked for; kept with the run for the record.
        force: delete the run that `out` holds and begin anew.

    Raises:
        CheckpointError: `out` holds a run with other settings or other data, or another process
            is training there.
        ConfigError: the weights of `init` do not fit, or the encoder cannot learn.
        KeyboardInterrupt: `events.should_stop` said so; the run can go on later.
    """
    processes = processes or Processes()
    threads = max(1, available_cpus() // processes_here())
    torch.set_num_threads(threads)  # PyTorch does not see a container's CPU quota
    has_learned = init is not None and init.encoder_weights is not None
    with ExitStack() as stack:
        folder = RunFolder(out)
        if processes.is_first:
            stack.enter_context(only_trainer_of(folder))
            if force:
                delete_run(folder)
            made_by = describe_software(command, str(processes.device))
            begin_run(folder, config, data.vocabulary, data.description, made_by, init=init)
        processes.share(None)  # the others wait until the folder is ready
        trainer = Trainer(
            config,
            train=data.train,
            val=data.val,
            vocabulary=data.vocabulary,
            feature_dim=data.feature_dim,
            folder=folder,
            processes=processes,
            live=stack.enter_context(live_data(data.encoder, config, has_learned=has_learned)),
            weights=init.weights if init else None,
        )
        return _fit(trainer, events or Events())


def _fit(trainer: Trainer, events: Events) -> TrainingState:
    folder, title = trainer.folder, trainer.config.name

    def draw() -> None:
        write_atomically(folder.curves, draw_curves(trainer.state.history, title=title))

    def on_epoch(entry: dict[str, Any]) -> None:
        draw()
        events.epoch(entry)

    if not trainer.processes.is_first:
        return trainer.fit(Events(should_stop=events.should_stop))
    if trainer.state.history:  # the run may have been killed before it drew its last epoch
        draw()
    return trainer.fit(replace(events, epoch=on_epoch))


def choose_device(name: str) -> torch.device:
    """Give the device of a name; `auto` is the GPU where there is one.

    Raises:
        ConfigError: CUDA was asked for and is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device cuda: PyTorch finds no CUDA GPU here; use --device cpu")
    return torch.device(name, local_rank()) if name == "cuda" else torch.device(name)
