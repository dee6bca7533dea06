"""What is seen of trainings in a row: the stages of a recipe, the runs of a study."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from showtell.progress import Progress, no_progress
from showtell.training.data import TrainingData
from showtell.training.epochs import Events
from showtell.training.recognition.data import RecognitionData


@dataclass(frozen=True)
class SeriesEvents:
    """What a caller may want to know or decide while a series goes on."""

    # Where it is kept and on what device it runs, before it begins.
    place: Callable[[Path, str], None] = lambda folder, device: None
    training: Events = field(default_factory=Events)  # of the training in hand
    features: Progress = no_progress  # pictures encoded
    # What is trained on.
    data: Callable[[TrainingData | RecognitionData], None] = lambda data: None
    begin: Callable[[str, int, int], None] = lambda name, number, total: None  # from 1
    note: Callable[[str], None] = lambda text: None  # what else a person should know
