"""The training of an encoder that is to name what it sees; the epoch of least loss is kept."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from showtell.config import Config
from showtell.data.batches.views import ViewBatch, ViewDataset
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.models.encoders.folding import unfold
from showtell.models.recogniser import Recogniser
from showtell.training.epochs import EpochTrainer, Events
from showtell.training.optimiser import adamw
from showtell.training.processes import Processes
from showtell.training.recognition.model import Published, RecognitionModel
from showtell.training.recognition.validate import recognise
from showtell.training.run import RunFolder


class RecognitionTrainer(EpochTrainer[ViewBatch]):
    """One run: begins with the published encoder, or takes up the run that the folder holds."""

    model: RecognitionModel

    def __init__(
        self,
        config: Config,
        *,
        train: ViewDataset,
        val: ViewDataset,
        network: EfficientNetLite,
        recogniser: Recogniser,
        folder: RunFolder,
        processes: Processes | None = None,
    ) -> None:
        """Get ready to train copies of the network and the recogniser."""
        super().__init__(config, folder=folder, processes=processes)
        self.train_data, self.val_data, self._network = train, val, network
        torch.manual_seed(config.seed)
        self._published = Published(network, self.device)
        self.model = RecognitionModel(
            network,
            deepcopy(recogniser),
            self._published,
            class_weight=config.recognition.class_weight,
            dropout=config.recognition.dropout,
        ).to(self.device)
        rate, encoder_rate = config.training.learning_rate, config.finetuning.learning_rate
        parts = [
            (self.model.recogniser.words, rate),
            (self.model.recogniser.classes, encoder_rate),
            (self.model.encoder, encoder_rate),
        ]
        self.optimizer = adamw(parts, weight_decay=config.training.weight_decay)
        self._go_on()

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return self.train_data.num_batches(
            self.config.training.batch_size, world_size=self.processes.world_size
        )

    def _batches(self) -> Iterator[ViewBatch]:
        return self.train_data.batches(
            self.config.training.batch_size,
            self.config.recognition.unlabelled_batch_size,
            seed=self.config.seed,
            epoch=self.state.epoch,
            first=self.state.batch,
            rank=self.processes.rank,
            world_size=self.processes.world_size,
        )

    def _validate(self, events: Events) -> dict[str, Any]:
        found = recognise(self.model, self._published, self.val_data, progress=events.validation)
        self._check_finite(found.word_loss, "validation loss")
        scores = {"mAP": round(100 * found.mean_average_precision, 4)}
        best = found.word_loss < self.state.best_loss
        if best:
            self._save_best(
                nn.ModuleDict({"encoder": self._unfolded(), "recogniser": self.model.recogniser}),
                {
                    "feature_dim": self.model.recogniser.words.in_features,
                    "concepts_sha256": self.model.recogniser.concepts.sha256,
                    "report": {"scores": scores},
                },
            )
        return self._entry(
            val_loss=found.word_loss, scores=scores, best=best, class_kl=found.class_kl
        )

    def _unfolded(self) -> EfficientNetLite:
        """The network with what it has learned by now."""
        network = deepcopy(self._network)
        unfold(deepcopy(self.model.encoder).cpu(), network)
        return network
