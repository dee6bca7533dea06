"""TensorBoard logs say what the run's own log says."""

from pathlib import Path

import pytest

from showtell.training.epochs import Events
from showtell.training.tensorboard import tensorboard_logs

ENTRY = {
    "epoch": 1,
    "train_loss": 3.5,
    "val_loss": 3.0,
    "distinct_captions": 7,
    "scores": {"CIDEr": 40.5, "BLEU-4": 18.25},
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of TensorBoard's own imports
def test_updates_and_epochs_are_scalars_that_tensorboard_reads(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    heard: list[int] = []
    others = Events(update=lambda number, loss, rate: heard.append(number))
    with tensorboard_logs(tmp_path, others) as events:
        events.update(1, 5.0, 1e-3)
        events.update(2, 4.5, 5e-4)
        events.epoch(ENTRY)
    found = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in found.Scalars("update/loss")] == [(1, 5.0), (2, 4.5)]
    assert [(e.step, e.value) for e in found.Scalars("val/CIDEr")] == [(1, 40.5)]
    assert [(e.step, e.value) for e in found.Scalars("epoch/val_loss")] == [(1, 3.0)]
    assert heard == [1, 2]
