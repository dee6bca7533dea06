"""A run's numbers as TensorBoard logs, beside its own log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from showtell.training.epochs import Events


@contextmanager
def tensorboard_logs(folder: Path, events: Events) -> Iterator[Events]:
    """Write loss and learning rate of each update, and losses and scores of each epoch.

    Args:
        events: what else is to hear of them.
    """
    from torch.utils.tensorboard import SummaryWriter  # the extra `tensorboard`

    with SummaryWriter(folder) as writer:

        def update(number: int, loss: float, learning_rate: float) -> None:
            writer.add_scalar("update/loss", loss, number)
            writer.add_scalar("update/learning_rate", learning_rate, number)
            events.update(number, loss, learning_rate)

        def epoch(entry: dict[str, Any]) -> None:
            for name in ("train_loss", "val_loss", "class_kl", "distinct_captions"):
                if name in entry:
                    writer.add_scalar(f"epoch/{name}", entry[name], entry["epoch"])
            for name, value in entry["scores"].items():
                writer.add_scalar(f"val/{name}", value, entry["epoch"])
            events.epoch(entry)

        yield replace(events, update=update, epoch=epoch)
