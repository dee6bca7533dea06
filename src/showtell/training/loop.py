"""The training loop: one for every architecture, on CPU and CUDA.

Epochs of teacher forcing; after each, captions are generated freely for the validation split and
scored; the epoch with the best CIDEr is kept. A run killed at any moment goes on from its last
checkpoint; on the CPU it ends with the same weights as one that was never killed.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from showtell.config import Config
from showtell.data.caption_files import to_coco_results
from showtell.data.dataset import CaptionDataset
from showtell.errors import ConfigError
from showtell.files import sha256_hex, to_json, write_atomically
from showtell.metrics import Report
from showtell.models.build import build_decoder
from showtell.progress import Progress, no_progress
from showtell.training.checkpoint import load_checkpoint, pack, save_checkpoint, unpack
from showtell.training.loss import caption_loss
from showtell.training.run import RunFolder
from showtell.training.validate import mean_loss, validate
from showtell.vocabulary import Vocabulary


@dataclass
class TrainingState:
    """Where a run stands; saved with every checkpoint."""

    epoch: int = 1  # the epoch being trained, from 1
    batch: int = 0  # batches of it that are done
    loss_sum: float = 0.0  # nats, over the tokens of this epoch
    tokens: int = 0
    seconds: float = 0.0  # of this epoch's training
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)  # one entry an epoch

    @property
    def best_cider(self) -> float:
        """The best validation CIDEr so far, percent."""
        return max((entry["scores"]["CIDEr"] for entry in self.history), default=float("-inf"))


@dataclass(frozen=True)
class Events:
    """What a caller may want to know or decide while a run goes on."""

    batch: Progress = no_progress  # batches done in this epoch
    validation: Progress = no_progress  # images captioned
    epoch: Callable[[dict[str, Any]], None] = lambda entry: None  # the log entry
    should_stop: Callable[[], bool] = lambda: False  # asked after every batch


class Trainer:
    """One run: builds the decoder, or takes up the run that the folder holds."""

    def __init__(
        self,
        config: Config,
        *,
        train: CaptionDataset,
        val: CaptionDataset,
        vocabulary: Vocabulary,
        feature_dim: int,
        folder: RunFolder,
        device: torch.device,
    ) -> None:
        self.config, self.folder, self.device = config, folder, device
        self.train_data, self.val_data, self.vocabulary = train, val, vocabulary
        self.feature_dim = feature_dim
        torch.manual_seed(config.seed)
        self.decoder = build_decoder(
            config.decoder, feature_dim=feature_dim, vocabulary_size=len(vocabulary)
        ).to(device)
        self.optimizer = torch.optim.Adam(
            self.decoder.parameters(), lr=config.training.learning_rate
        )
        self.state = TrainingState()
        if folder.last.exists():
            tensors, meta = load_checkpoint(folder.last)
            unpack(tensors, meta["optimizer_groups"], self.decoder, self.optimizer, device)
            self.state = TrainingState(**meta["state"])

    @property
    def finished(self) -> bool:
        """Whether the last epoch is done, or no better one has come for `patience` epochs."""
        waited = len(self.state.history) - self.state.best_epoch
        settings = self.config.training
        return self.state.epoch > settings.max_epochs or waited >= settings.patience

    def fit(self, events: Events) -> TrainingState:
        """Train to the end.

        Raises:
            ConfigError: the loss is no longer a finite number.
            KeyboardInterrupt: `events.should_stop` said so; a checkpoint was written first.
        """
        while not self.finished:
            self._train_epoch(events)
            val_loss = mean_loss(self.decoder, self.val_data, self.config.training.batch_size)
            report, captions = validate(
                self.decoder,
                self.val_data,
                self.vocabulary,
                self.config.decoding,
                progress=events.validation,
            )
            self._finish_epoch(val_loss, report, captions)
            events.epoch(self.state.history[-1])
        return self.state

    def _train_epoch(self, events: Events) -> None:
        settings, state = self.config.training, self.state
        self.decoder.train()
        started = saved = time.monotonic()
        before = state.seconds
        total = self.train_data.num_batches(settings.batch_size)
        batches = self.train_data.batches(
            settings.batch_size, seed=self.config.seed, epoch=state.epoch, first=state.batch
        )
        for batch in batches:
            loss, tokens = caption_loss(self.decoder, batch.to(self.device))
            self._set_learning_rate(state.epoch - 1 + state.batch / total)
            if not math.isfinite(loss.item()):  # before it can spoil a checkpoint
                raise ConfigError(
                    f"the loss is {loss.item()} in epoch {state.epoch}: training diverged; "
                    "lower training.learning_rate and begin anew with --force"
                )
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.decoder.parameters(), settings.clip_norm)
            self.optimizer.step()
            state.loss_sum += loss.item() * tokens
            state.tokens += tokens
            state.batch += 1
            state.seconds = before + time.monotonic() - started
            events.batch(state.batch, total)
            if events.should_stop():
                self._save()
                raise KeyboardInterrupt
            if time.monotonic() - saved > settings.checkpoint_every_s:
                self._save()
                saved = time.monotonic()

    def _set_learning_rate(self, epochs_done: float) -> None:
        settings = self.config.training
        rate = settings.learning_rate
        if settings.schedule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * epochs_done / settings.max_epochs))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _finish_epoch(self, val_loss: float, report: Report, captions: dict[str, str]) -> None:
        """Log the epoch, keep its weights if it is the best, and step to the next."""
        state = self.state
        scores = {name: round(value, 4) for name, value in report.scores.items()}
        improved = scores["CIDEr"] > state.best_cider
        state.history.append(
            {
                "epoch": state.epoch,
                "train_loss": state.loss_sum / state.tokens,  # nats per token, with dropout
                "val_loss": val_loss,
                "scores": scores,
                "best": improved,
                "distinct_captions": len(set(captions.values())),
                "train_s": round(state.seconds, 2),
            }
        )
        if improved:
            state.best_epoch = state.epoch
            self._save_best(report, captions)
        state.epoch, state.batch = state.epoch + 1, 0
        state.loss_sum, state.tokens, state.seconds = 0.0, 0, 0.0
        lines = "".join(json.dumps(entry) + "\n" for entry in state.history)
        write_atomically(self.folder.log, lines.encode())
        self._save()  # last: a kill before it makes the epoch's end happen again, alike

    def _save(self) -> None:
        tensors, groups = pack(self.decoder, self.optimizer, self.device)
        meta = {"state": asdict(self.state), "optimizer_groups": groups}
        save_checkpoint(self.folder.last, tensors, meta)

    def _save_best(self, report: Report, captions: dict[str, str]) -> None:
        weights = {f"model.{name}": t for name, t in self.decoder.state_dict().items()}
        meta = {
            "epoch": self.state.epoch,
            "feature_dim": self.feature_dim,
            "vocabulary_sha256": sha256_hex(self.vocabulary.to_text().encode()),
            "report": report.to_dict(),
        }
        save_checkpoint(self.folder.best, weights, meta)
        write_atomically(self.folder.val_captions, to_json(to_coco_results(captions)))
