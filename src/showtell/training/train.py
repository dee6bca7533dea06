"""`showtell train`: from what a decoder learns from to a trained run folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from showtell.config import Config
from showtell.errors import ConfigError
from showtell.training.data import TrainingData
from showtell.training.description import describe_run, describe_software
from showtell.training.epochs import Events, TrainingState
from showtell.training.in_folder import train_in_folder
from showtell.training.live import live_data
from showtell.training.loop import Trainer
from showtell.training.plot import draw_curves
from showtell.training.processes import Processes, local_rank, processes_here
from showtell.training.run import RunFolder, TrainedRun
from showtell.training.teachers import Teachers


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
        photos=data.others,
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
            text=data.text,
            pseudo=data.pseudo,
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
