"""Training in a run folder: begun, or gone on with; its curves drawn after every epoch."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any

import torch

from showtell.concepts import Concepts
from showtell.errors import ConfigError
from showtell.files import write_atomically
from showtell.runtime.session import asked_threads, available_cpus
from showtell.training.epochs import EpochTrainer, Events, TrainingState
from showtell.training.processes import Processes, processes_here
from showtell.training.run import RunFolder, begin_run, delete_run, only_trainer_of
from showtell.training.tensorboard import tensorboard_logs
from showtell.vocabulary import Vocabulary

History = list[dict[str, Any]]


def train_in_folder(
    folder: RunFolder,
    described: dict[str, Any],
    make_trainer: Callable[[], AbstractContextManager[EpochTrainer[Any]]],
    *,
    draw: Callable[[History], bytes],
    processes: Processes,
    vocabulary: Vocabulary | None = None,
    concepts: Concepts | None = None,
    force: bool = False,
    tensorboard: bool = False,
    events: Events | None = None,
) -> TrainingState:
    """Train, or go on with the run that the folder holds.

    Args:
        described: the run, as `showtell.training.description.describe_run` does it.
        make_trainer: builds what trains, within a block.
        draw: the curves of a log, as a PNG.
        vocabulary, concepts: words that are part of the run.
        force: delete the run that the folder holds and begin anew.
        tensorboard: write its logs too, into the folder.

    Raises:
        CheckpointError: the folder holds a run with other settings or other data, or another
            process is training there.
        ConfigError: as building the trainer does; a new run is deleted then.
        KeyboardInterrupt: `events.should_stop` said so; the run can go on later.
    """
    # PyTorch does not see a container's CPU quota.
    threads = asked_threads() or max(1, available_cpus() // processes_here())
    torch.set_num_threads(threads)

    def begin() -> bool:
        stack.enter_context(only_trainer_of(folder))
        if force:
            delete_run(folder)
        return begin_run(folder, vocabulary, described, concepts=concepts)

    with ExitStack() as stack:
        is_new = processes.first_alone(begin)
        try:
            trainer = stack.enter_context(make_trainer())
        except ConfigError:
            if is_new and processes.is_first:  # nothing is left that refuses a better command
                delete_run(folder)
            raise
        events = events or Events()
        if tensorboard and processes.is_first:
            events = stack.enter_context(tensorboard_logs(folder.tensorboard, events))
        return _fit(trainer, draw, events)


def _fit(
    trainer: EpochTrainer[Any], draw: Callable[[History], bytes], events: Events
) -> TrainingState:
    def draw_now() -> None:
        write_atomically(trainer.folder.curves, draw(trainer.state.history))

    def on_epoch(entry: dict[str, Any]) -> None:
        draw_now()
        events.epoch(entry)

    if not trainer.processes.is_first:
        return trainer.fit(Events(should_stop=events.should_stop))
    if trainer.state.history:  # the run may have been killed before it drew its last epoch
        draw_now()
    return trainer.fit(replace(events, epoch=on_epoch))
