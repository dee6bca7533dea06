"""Training the stages of a recipe one after another.

A recipe may be killed at any moment: given again, it goes through the stages that have finished
without training, and goes on with the one in hand from its checkpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from showtell.progress import Progress, no_progress
from showtell.training.loop import Events, TrainingState
from showtell.training.processes import Processes
from showtell.training.run import TrainedRun, average, load_run
from showtell.training.stages.config import Recipe, Stage
from showtell.training.train import TrainingData, load_training_data, train_captioner


@dataclass(frozen=True)
class RecipeEvents:
    """What a caller may want to know or decide while a recipe goes on."""

    training: Events = field(default_factory=Events)  # of the stage in hand
    features: Progress = no_progress  # pictures encoded
    data: Callable[[TrainingData], None] = lambda data: None  # what a stage trains on
    stage: Callable[[Stage, int, int], None] = lambda stage, number, total: None  # begins; from 1


def run_recipe(
    recipe: Recipe,
    data_dir: Path,
    out: Path,
    *,
    processes: Processes | None = None,
    init: TrainedRun | None = None,
    teachers: tuple[TrainedRun, ...] = (),
    command: str = "",
    force: bool = False,
    tensorboard: bool = False,
    cache_dir: Path | None = None,
    events: RecipeEvents | None = None,
) -> TrainingState:
    """Train each stage in its folder below `out`, or in `out` itself where it has no name.

    Args:
        init: a run to begin with, for stages that begin with no other.
        teachers: of stages that name none.

    Returns:
        Where the last stage stands.

    Raises:
        CheckpointError, ConfigError, DataError, ImageError, KeyboardInterrupt: as
            `load_training_data` and `train_captioner`.
    """
    events = events or RecipeEvents()

    def on_features(done: int, total: int) -> None:
        events.features(done, total)
        if events.training.should_stop():  # what is encoded is kept
            raise KeyboardInterrupt

    state = TrainingState()
    for number, stage in enumerate(recipe.stages, start=1):
        events.stage(stage, number, len(recipe.stages))
        first = average([load_run(out / name) for name in stage.begin]) if stage.begin else init
        data = load_training_data(
            stage.config, data_dir, init=first, cache_dir=cache_dir, progress=on_features
        )
        events.data(data)
        state = train_captioner(
            stage.config,
            data,
            out / stage.name,
            processes=processes,
            init=first,
            teachers=tuple(load_run(out / name) for name in stage.teachers) or teachers,
            command=command,
            force=force,
            tensorboard=tensorboard,
            events=events.training,
        )
    return state
