"""The training loop: one for every architecture, on CPU and CUDA, in one process or several.

Epochs of teacher forcing; after each, captions are generated freely for the validation split and
scored; the epoch with the best CIDEr is kept. A run killed at any moment goes on from its last
checkpoint; on the CPU it ends with the same weights as one that was never killed.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import torch

from showtell.config import Config
from showtell.data.batches.ahead import ahead, grouped
from showtell.data.batches.dataset import Batch, CaptionDataset
from showtell.data.reading.caption_files import to_coco_results
from showtell.errors import CheckpointError, ConfigError, first_few
from showtell.files import sha256_hex, to_json, write_atomically
from showtell.metrics import Report
from showtell.models.build import build_decoder
from showtell.progress import Progress, no_progress
from showtell.training.caption_weights import caption_weights
from showtell.training.checkpoint import load_checkpoint, pack, save_checkpoint, unpack
from showtell.training.live import LiveData
from showtell.training.loss import Objective, caption_loss
from showtell.training.model import CaptionModel
from showtell.training.optimiser import build_optimizer, learning_rate_share, set_learning_rate
from showtell.training.precision import mixed_precision
from showtell.training.processes import Processes
from showtell.training.run import RunFolder
from showtell.training.self_critical import SelfCritical
from showtell.training.teachers import Teachers
from showtell.training.validate import mean_loss, validate
from showtell.vocabulary import Vocabulary

SEED_STEP = 1_000_003  # between the seeds of processes: beyond any seeds that one compares


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
    validation: Progress = no_progress  # images captioned
    update: Callable[[int, float, float], None] = lambda *_: None  # number, loss, learning rate
    epoch: Callable[[dict[str, Any]], None] = lambda entry: None  # the log entry
    should_stop: Callable[[], bool] = lambda: False  # asked after every update


def build_objective(
    config: Config,
    train: CaptionDataset,
    vocabulary: Vocabulary,
    teachers: Teachers | None = None,
) -> Objective:
    """Build what the config says is to be minimised over the images of `train`."""
    training = config.training
    share = training.consensus_weighting
    cross_entropy = partial(
        caption_loss,
        label_smoothing=training.label_smoothing,
        doubly_stochastic=training.doubly_stochastic,
        weights=caption_weights(train.records, share) if share else (),
        teach=teachers,
        distillation=config.distillation.weight,
    )
    if not config.self_critical.samples:
        return cross_entropy
    return SelfCritical(
        config.self_critical,
        records=train.records,
        vocabulary=vocabulary,
        max_length=config.decoding.max_length,
        cross_entropy=cross_entropy,
    )


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
        processes: Processes | None = None,
        live: LiveData | None = None,
        weights: dict[str, torch.Tensor] | None = None,
        teachers: Teachers | None = None,
    ) -> None:
        """Get ready to train.

        Args:
            train, val: with cached features.
            live: the encoder and the photos themselves, where the encoder is not as published.
            weights: of a `CaptionModel`, to begin with instead of fresh ones.
            teachers: what else to learn from, where the config says so.
        """
        self.config, self.folder = config, folder
        self.processes = processes or Processes()
        self.train_data, self.val_data, self.vocabulary = train, val, vocabulary
        self.feature_dim, self.live = feature_dim, live
        torch.manual_seed(config.seed)
        decoder = build_decoder(
            config.decoder, feature_dim=feature_dim, vocabulary_size=len(vocabulary)
        )
        self.model = CaptionModel(
            decoder,
            build_objective(config, train, vocabulary, teachers),
            encoder=live.encoder.network if live else None,
            kind=config.encoder.features,
            frozen=config.finetuning.frozen,
        ).to(self.device)
        self.optimizer = build_optimizer(self.model, config.training, config.finetuning)
        self.state = TrainingState()
        self._begin(weights)

    def _begin(self, weights: dict[str, torch.Tensor] | None) -> None:
        """Go on from the folder's checkpoint, or else begin, each process with its own dropout."""
        processes, path = self.processes, self.folder.last
        if processes.rank > 0:
            torch.manual_seed(self.config.seed + SEED_STEP * processes.rank)
        if self.num_batches == 0:
            raise ConfigError(
                f"{len(self.train_data)} images are too few for {processes.world_size} processes"
            )
        if not path.exists():
            if weights is not None:
                self._take_over(weights)
            elif self.config.self_critical.samples:
                raise ConfigError(
                    "self_critical.samples: fresh weights draw noise, which teaches nothing; "
                    "begin with a trained run (--init-from RUN)"
                )
            return
        tensors, meta = load_checkpoint(path)
        try:
            unpack(tensors, meta["optimizer_groups"], self.model, self.optimizer, processes)
            self.state = TrainingState(**meta["state"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise CheckpointError(f"the checkpoint {path} does not fit: {reason}") from error

    def _take_over(self, weights: dict[str, torch.Tensor]) -> None:
        expected = self.model.state_dict()  # its encoder may stay as it is
        wrong = [
            *(n for n, w in weights.items() if n not in expected or w.shape != expected[n].shape),
            *(n for n in expected if n.startswith("decoder.") and n not in weights),
        ]
        if wrong:
            raise ConfigError(
                "the weights to begin with do not fit this config: missing, left over or of "
                f"another shape are {first_few(wrong, 3)}"
            )
        self.model.load_state_dict(weights, strict=False)

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self.processes.device

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.state.finished(self.config)

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return self.train_data.num_batches(
            self.config.training.batch_size, world_size=self.processes.world_size
        )

    @property
    def learning(self) -> LiveData | None:
        """The live photos, in an epoch in which the encoder learns."""
        first = self.config.finetuning.from_epoch
        return self.live if 0 < first <= self.state.epoch else None

    def fit(self, events: Events) -> TrainingState:
        """Train to the end.

        Raises:
            ConfigError: the loss is no longer a finite number.
            KeyboardInterrupt: `events.should_stop` said so; a checkpoint was written first.
        """
        while not self.finished:
            self.model.let_encoder_learn(self.learning is not None)
            self._train_epoch(events)
            self._finish_epoch(self.processes.first_alone(partial(self._validate, events)))
            events.epoch(self.state.history[-1])
        return self.state

    def _train_epoch(self, events: Events) -> None:
        settings, state, processes = self.config.training, self.state, self.processes
        self.model.train()
        live, data = self.learning, self.train_data
        model = processes.parallel(self.model, partly=live is not None)
        if live:
            data = live.train(data)
        started = saved = time.monotonic()
        before = state.seconds
        total = self.num_batches
        batches = data.batches(
            settings.batch_size,
            seed=self.config.seed,
            epoch=state.epoch,
            first=state.batch,
            rank=processes.rank,
            world_size=processes.world_size,
        )
        for group in grouped(ahead(batches), settings.accumulation_steps):
            self._set_learning_rate(total)
            loss, tokens = self._update(model, group)
            state.loss_sum += loss
            state.tokens += tokens
            state.batch += len(group)
            state.seconds = before + time.monotonic() - started
            events.batch(state.batch, total)
            events.update(self._updates(total), loss / tokens, self._learning_rate)
            due = time.monotonic() - saved > settings.checkpoint_every_s
            stop, due_somewhere = processes.sum(events.should_stop(), due)
            if stop or due_somewhere:
                self._save()
                saved = time.monotonic()
            if stop:
                raise KeyboardInterrupt

    def _update(self, model: torch.nn.Module, group: list[Batch]) -> tuple[float, int]:
        """Learn from some batches as if they were one, of all processes; give loss and tokens."""
        settings, processes = self.config.training, self.processes
        (tokens,) = processes.sum(sum(batch.num_tokens for batch in group))
        self.optimizer.zero_grad(set_to_none=True)
        loss_sum = 0.0
        for batch in group:
            with processes.averaging(model, now=batch is group[-1]):
                with mixed_precision(settings.precision, self.device):
                    loss, count = model(batch.to(self.device))
                (loss * (count * processes.world_size / tokens)).backward()
            loss_sum += loss.item() * count
        (loss_sum,) = processes.sum(loss_sum)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self._check_finite(loss_sum, "loss")
        self._check_finite(norm.item(), "norm of the gradient")  # the same in every process
        self.optimizer.step()
        return loss_sum, int(tokens)

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

    def _validate(self, events: Events) -> dict[str, Any]:
        """Caption and score the validation split; keep the weights if none were better."""
        data, settings, state = self.val_data, self.config, self.state
        if self.learning:
            data = self.learning.val(data, self.model)
        val_loss = mean_loss(self.model.decoder, data, settings.training.batch_size)
        self._check_finite(val_loss, "validation loss")
        report, captions = validate(
            self.model.decoder,
            data,
            self.vocabulary,
            settings.decoding,
            progress=events.validation,
        )
        scores = {name: round(value, 4) for name, value in report.scores.items()}
        improved = scores["CIDEr"] > state.best_cider
        if improved:
            self._save_best(report, captions)
        return {
            "epoch": state.epoch,
            "train_loss": state.loss_sum / state.tokens,  # what is minimised, a token
            "val_loss": val_loss,  # nats per token, without dropout
            "scores": scores,
            "best": improved,
            "distinct_captions": len(set(captions.values())),
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

    def _save_best(self, report: Report, captions: dict[str, str]) -> None:
        weights = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        meta = {
            "epoch": self.state.epoch,
            "feature_dim": self.feature_dim,
            "vocabulary_sha256": sha256_hex(self.vocabulary.to_text().encode()),
            "report": report.to_dict(),
        }
        save_checkpoint(self.folder.best, weights, meta)
        write_atomically(self.folder.val_captions, to_json(to_coco_results(captions)))
