"""The stage as a run: from data to a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from showtell.config import Config
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.training.description import describe_run, describe_software
from showtell.training.epochs import Events, TrainingState
from showtell.training.in_folder import train_in_folder
from showtell.training.plot import draw_curves
from showtell.training.processes import Processes
from showtell.training.recognition.data import RecognitionData
from showtell.training.recognition.loop import RecognitionTrainer
from showtell.training.run import RunFolder


def train_recogniser(
    config: Config,
    data: RecognitionData,
    out: Path,
    *,
    processes: Processes | None = None,
    command: str = "",
    force: bool = False,
    tensorboard: bool = False,
    events: Events | None = None,
) -> TrainingState:
    """Train, or go on with the run that `out` holds, and draw its curves after every epoch.

    Args, Raises: as `showtell.training.train.train_captioner`.
    """
    processes = processes or Processes()
    folder = RunFolder(out)
    described = describe_run(
        config,
        data.description,
        describe_software(command, str(processes.device)),
        encoder_sha256=data.encoder.sha256,
        photos=data.photos,
    )
    return train_in_folder(
        folder,
        described,
        partial(_trainer, config, data, folder, processes),
        draw=partial(draw_curves, title=config.name, unit="nats per photo", score="mAP"),
        processes=processes,
        concepts=data.recogniser.concepts,
        force=force,
        tensorboard=tensorboard,
        events=events,
    )


@contextmanager
def _trainer(
    config: Config, data: RecognitionData, folder: RunFolder, processes: Processes
) -> Iterator[RecognitionTrainer]:
    network = data.encoder.network
    assert isinstance(network, EfficientNetLite)
    yield RecognitionTrainer(
        config,
        train=data.train,
        val=data.val,
        network=network,
        recogniser=data.recogniser,
        folder=folder,
        processes=processes,
    )
