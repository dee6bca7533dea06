"""What is seen of a training while it goes on: a bar an epoch, a line after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from showtell.cli import console
from showtell.training.data import TrainingData
from showtell.training.epochs import Events
from showtell.training.recognition.data import RecognitionData
from showtell.training.series import SeriesEvents


@contextmanager
def series_events(what: str, *, no_progress: bool) -> Iterator[SeriesEvents]:
    """Show the progress of trainings; the first Ctrl-C lets them stop after the batch in hand.

    Args:
        what: what to say then is kept, such as "the run".
    """
    places: list[tuple[Path, str]] = []
    with (
        console.progress_bar(enabled=not no_progress) as bar,
        console.interrupt_flag() as interrupted,
    ):

        def on_data(data: TrainingData | RecognitionData) -> None:
            for line in (*data.notes, f"{data.summary}; device {places[-1][1]}"):
                console.say(line)

        def on_place(folder: Path, device: str) -> None:
            places.append((folder, device))

        def on_begin(name: str, number: int, total: int) -> None:
            console.say(f"{name}: {number} of {total}")

        try:
            yield SeriesEvents(
                place=on_place,
                training=_training_events(bar, should_stop=interrupted),
                features=bar.stage("features"),
                data=on_data,
                begin=on_begin,
                note=console.say,
            )
        except KeyboardInterrupt:
            for folder, _ in places:
                console.say(f"{what} in {folder} is kept; the same command goes on with it")
            raise


def _training_events(bar: console.ProgressBar, *, should_stop: Callable[[], bool]) -> Events:
    """Draw an epoch's progress, and say in a line how it ended."""

    def on_epoch(entry: dict[str, Any]) -> None:
        bar.restart("epoch")
        bar.restart("validation")
        console.say(_describe(entry))

    return Events(
        batch=bar.stage("epoch"),
        validation=bar.stage("validation"),
        epoch=on_epoch,
        should_stop=should_stop,
    )


def _describe(entry: dict[str, Any]) -> str:
    return (
        f"epoch {entry['epoch']:>2}  loss {entry['train_loss']:.3f}  val {entry['val_loss']:.3f}  "
        f"{_found(entry)}  {entry['train_s']:.0f} s{'  best' if entry['best'] else ''}"
    )


def _found(entry: dict[str, Any]) -> str:
    """Say what the validation found, of captions or of concepts."""
    scores = entry["scores"]
    if "mAP" in scores:
        return f"mAP {scores['mAP']:.1f}  KL of ImageNet's classes {entry['class_kl']:.3f}"
    return (
        f"CIDEr {scores['CIDEr']:.1f}  BLEU-4 {scores['BLEU-4']:.1f}  "
        f"{entry['distinct_captions']} distinct captions"
    )
