"""Epochs, whatever is trained in them, on CPU and CUDA, in one process or several.

After each epoch the validation split is looked at, and the weights are kept if none were better.
A run killed at any moment goes on from its last checkpoint; on the CPU it ends with the same
weights as one that was never killed.
"""

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, Self, TypeVar

import torch
from torch import nn

from showtell.config import Config
from showtell.data.batches.ahead import ahead, grouped
from showtell.errors import CheckpointError, ConfigError
from showtell.files import write_atomically
from showtell.progress import Progress, no_progress
from showtell.training.checkpoint import load_checkpoint, pack, save_checkpoint, unpack
from showtell.training.optimiser import learning_rate_share, set_learning_rate
from showtell.training.precision import mixed_precision
from showtell.training.processes import Processes
from showtell.training.run import RunFolder

SEED_STEP = 1_000_003  # between the seeds of processes: beyond any seeds that one compares


@dataclass
class TrainingState:
    """Where a run stands; saved with every checkpoint."""

    epoch: int = 1  # the epoch being trained, from 1
    batch: int = 0  # batches of it that are done
    loss_sum: float = 0.0  # over the targets of this epoch
    tokens: int = 0  # these targets: tokens of captions, or photos
    seconds: float = 0.0  # of this epoch's training
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)  # one entry an epoch

    @property
    def best_cider(self) -> float:
        """The best validation CIDEr so far, percent."""
        return max((entry["scores"]["CIDEr"] for entry in self.history), default=float("-inf"))

    @property
    def best_loss(self) -> float:
        """The least validation loss so far, nats."""
        return min((entry["val_loss"] for entry in self.history), default=float("inf"))

    def finished(self, config: Config) -> bool:
        """Whether the last epoch is done, or no better one has come for `patience` epochs.

        Patience begins when the encoder does, where it is to learn.
        """
        since = max(self.best_epoch, config.finetuning.from_epoch - 1)
        waited = len(self.history) - since
        return self.epoch > config.training.max_epochs or waited >= config.training.patience


@dataclass(frozen=True)
class Events:
    """What a caller may want to know or decide while a run goes on."""

    batch: Progress = no_progress  # batches done in this epoch
    validation: Progress = no_progress  # images captioned, or looked at
    update: Callable[[int, float, float], None] = lambda *_: None  # number, loss, learning rate
    epoch: Callable[[dict[str, Any]], None] = lambda entry: None  # the log entry
    should_stop: Callable[[], bool] = lambda: False  # asked after every update


class TrainingBatch(Protocol):
    """What a model learns from at once."""

    @property
    def num_targets(self) -> int:
        """Over how many its loss is a mean."""

    def to(self, device: torch.device) -> Self:
        """Copy to a device."""


B = TypeVar("B", bound=TrainingBatch)


class EpochTrainer(ABC, Generic[B]):
    """One run: begins, or takes up the run that the folder holds, and trains to the end.

    The model, given a batch, gives the loss, a mean, and over how many targets.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer

    def __init__(self, config: Config, *, folder: RunFolder, processes: Processes | None) -> None:
        self.config, self.folder = config, folder
        self.processes = processes or Processes()
        self.state = TrainingState()

    @property
    @abstractmethod
    def num_batches(self) -> int:
        """Batches in an epoch."""

    @abstractmethod
    def _batches(self) -> Iterator[B]:
        """Give this process's share of what is left of the epoch in hand."""

    @abstractmethod
    def _validate(self, events: Events) -> dict[str, Any]:
        """Look at the validation split; keep the weights if none were better; give the log entry.

        The entry has at least `val_loss`, `scores` and `best`.
        """

    def _parallel(self) -> nn.Module:
        """Make the model ready for the epoch in hand, and for all processes."""
        self.model.train()
        return self.processes.parallel(self.model, partly=False)

    def _go_on(self) -> bool:
        """Go on from the folder's checkpoint, if it holds one, each process with its own dropout.

        Raises:
            CheckpointError: it does not fit.
            ConfigError: there is not an image for each process.
        """
        processes, path = self.processes, self.folder.last
        if processes.rank > 0:
            torch.manual_seed(self.config.seed + SEED_STEP * processes.rank)
        if self.num_batches == 0:
            raise ConfigError(f"there are too few images for {processes.world_size} processes")
        if not path.exists():
            return False
        tensors, meta = load_checkpoint(path)
        try:
            unpack(tensors, meta["optimizer_groups"], self.model, self.optimizer, processes)
            self.state = TrainingState(**meta["state"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise CheckpointError(f"the checkpoint {path} does not fit: {reason}") from error
        return True

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self.processes.device

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.state.finished(self.config)

    def fit(self, events: Events) -> TrainingState:
        """Train to the end.

        Raises:
            ConfigError: the loss is no longer a finite number.
            KeyboardInterrupt: `events.should_stop` said so; a checkpoint was written first.
        """
        while not self.finished:
            self._train_epoch(self._parallel(), events)
            self._finish_epoch(self.processes.first_alone(partial(self._validate, events)))
            events.epoch(self.state.history[-1])
        return self.state

    def _train_epoch(self, model: nn.Module, events: Events) -> None:
        settings, state = self.config.training, self.state
        started = saved = time.monotonic()
        before = state.seconds
        total = self.num_batches
        for group in grouped(ahead(self._batches()), settings.accumulation_steps):
            self._set_learning_rate(total)
            loss, targets = self._update(model, group)
            state.loss_sum += loss
            state.tokens += targets
            state.batch += len(group)
            state.seconds = before + time.monotonic() - started
            events.batch(state.batch, total)
            events.update(self._updates(total), loss / targets, self._learning_rate)
            due = time.monotonic() - saved > settings.checkpoint_every_s
            stop, due_somewhere = self.processes.sum(events.should_stop(), due)
            if stop or due_somewhere:
                self._save()
                saved = time.monotonic()
            if stop:
                raise KeyboardInterrupt

    def _update(self, model: nn.Module, group: list[B]) -> tuple[float, int]:
        """Learn from some batches as if they were one, of all processes; give loss and targets."""
        settings, processes = self.config.training, self.processes
        (targets,) = processes.sum(sum(batch.num_targets for batch in group))
        self.optimizer.zero_grad(set_to_none=True)
        loss_sum = 0.0
        for batch in group:
            with processes.averaging(model, now=batch is group[-1]):
                with mixed_precision(settings.precision, self.device):
                    loss, count = model(batch.to(self.device))
                (loss * (count * processes.world_size / targets)).backward()
            loss_sum += loss.item() * count
        (loss_sum,) = processes.sum(loss_sum)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self._check_finite(loss_sum, "loss")
        self._check_finite(norm.item(), "norm of the gradient")  # the same in every process
        self.optimizer.step()
        return loss_sum, int(targets)

    def _check_finite(self, value: float, what: str) -> None:
        """Stop before what is no number can spoil a checkpoint."""
        if not math.isfinite(value):
            raise ConfigError(
                f"the {what} is {value} in epoch {self.state.epoch}: training diverged; lower "
                "training.learning_rate and begin anew (--force, or delete the run's folder)"
            )

    def _set_learning_rate(self, total: int) -> None:
        settings, state = self.config.training, self.state
        share = learning_rate_share(
            settings,
            epochs_done=state.epoch - 1 + state.batch / total,
            update=settings.accumulation_steps / total,
        )
        set_learning_rate(self.optimizer, share)

    @property
    def _learning_rate(self) -> float:
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def _updates(self, total: int) -> int:
        """Updates since the run began."""
        steps = self.config.training.accumulation_steps
        return (self.state.epoch - 1) * math.ceil(total / steps) + math.ceil(
            self.state.batch / steps
        )

    def _entry(
        self, *, val_loss: float, scores: dict[str, float], best: bool, **more: Any
    ) -> dict[str, Any]:
        """Put together what the log says of the epoch in hand."""
        state = self.state
        return {
            "epoch": state.epoch,
            "train_loss": state.loss_sum / state.tokens,  # what is minimised, a target
            "val_loss": val_loss,  # nats, without dropout
            "scores": scores,
            "best": best,
            **more,
            "train_s": round(state.seconds, 2),
        }

    def _finish_epoch(self, entry: dict[str, Any]) -> None:
        """Log the epoch and step to the next."""
        state = self.state
        state.history.append(entry)
        if entry["best"]:
            state.best_epoch = state.epoch
        state.epoch, state.batch = state.epoch + 1, 0
        state.loss_sum, state.tokens, state.seconds = 0.0, 0, 0.0
        if self.processes.is_first:
            lines = "".join(json.dumps(entry) + "\n" for entry in state.history)
            write_atomically(self.folder.log, lines.encode())
        self._save()  # last: a kill before it makes the epoch's end happen again, alike

    def _save(self) -> None:
        tensors, groups = pack(self.model, self.optimizer, self.processes)
        meta = {"state": asdict(self.state), "optimizer_groups": groups}
        if self.processes.is_first:
            save_checkpoint(self.folder.last, tensors, meta)

    def _save_best(self, model: nn.Module, meta: dict[str, Any]) -> None:
        """Keep the weights of the epoch in hand.

        Args:
            model: whose weights are to be found as `model.NAME`.
            meta: what they mean.
        """
        weights = {f"model.{name}": t for name, t in model.state_dict().items()}
        save_checkpoint(self.folder.best, weights, {"epoch": self.state.epoch, **meta})
