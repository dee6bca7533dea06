"""The training of captioners: one for every architecture.

Epochs of teacher forcing; after each, captions are generated freely for the validation split and
scored; the epoch with the best CIDEr is kept.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import nn

from showtell.config import Config
from showtell.data.batches.dataset import Batch, CaptionDataset
from showtell.data.batches.mixture import Batches, Mixture
from showtell.data.batches.text import TextDataset
from showtell.data.reading.caption_files import to_coco_results
from showtell.errors import ConfigError, first_few
from showtell.files import sha256_hex, to_json, write_atomically
from showtell.models.build import build_decoder
from showtell.training.caption_weights import caption_weights
from showtell.training.epochs import EpochTrainer, Events
from showtell.training.live import LiveData
from showtell.training.loss import Objective, caption_loss
from showtell.training.model import CaptionModel
from showtell.training.optimiser import build_optimizer
from showtell.training.processes import Processes
from showtell.training.run import RunFolder
from showtell.training.self_critical import SelfCritical
from showtell.training.teachers import Teachers
from showtell.training.validate import mean_loss, validate
from showtell.vocabulary import Vocabulary


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


class Trainer(EpochTrainer[Batch]):
    """One run: builds the decoder, or takes up the run that the folder holds."""

    model: CaptionModel

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
        text: TextDataset | None = None,
        pseudo: CaptionDataset | None = None,
        weights: dict[str, torch.Tensor] | None = None,
        teachers: Teachers | None = None,
    ) -> None:
        """Get ready to train.

        Args:
            train, val: with cached features.
            live: the encoder and the photos themselves, where the encoder is not as published.
            text: sentences without photos, to learn from too.
            pseudo: photos with what a model says of them, likewise.
            weights: of a `CaptionModel`, or of its encoder alone, to begin with instead of fresh
                ones.
            teachers: what else to learn from, where the config says so.
        """
        super().__init__(config, folder=folder, processes=processes)
        self.train_data, self.val_data, self.vocabulary = train, val, vocabulary
        self.feature_dim, self.live = feature_dim, live
        self._beside = [part for part in (text, pseudo) if part is not None]
        recogniser = live.encoder.recogniser if live else None
        torch.manual_seed(config.seed)
        decoder = build_decoder(
            config.decoder,
            feature_dim=feature_dim,
            vocabulary_size=len(vocabulary),
            concept_ids=recogniser.concepts.token_ids(vocabulary) if recogniser else (),
        )
        self.model = CaptionModel(
            decoder,
            build_objective(config, train, vocabulary, teachers),
            encoder=live.encoder.network if live else None,
            recogniser=recogniser,
            kind=config.encoder.features,
            frozen=config.finetuning.frozen,
        ).to(self.device)
        self.optimizer = build_optimizer(self.model, config.training, config.finetuning)
        if not self._go_on():
            self._begin(weights or {})

    def _begin(self, weights: dict[str, torch.Tensor]) -> None:
        """Take over the weights to begin with."""
        has_decoder = any(map(_of_decoder, weights))
        if self.config.self_critical.samples and not has_decoder:
            raise ConfigError(
                "self_critical.samples: fresh weights draw noise, which teaches nothing; "
                "begin with a trained run (--init-from RUN)"
            )
        expected = self.model.state_dict()  # its encoder may stay as it is
        wrong = [
            *(n for n, w in weights.items() if n not in expected or w.shape != expected[n].shape),
            *(n for n in expected if has_decoder and _of_decoder(n) and n not in weights),
        ]
        if wrong:
            raise ConfigError(
                "the weights to begin with do not fit this config: missing, left over or of "
                f"another shape are {first_few(wrong, 3)}"
            )
        self.model.load_state_dict(weights, strict=False)

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return self._mixed(self.train_data).num_batches(
            self.config.training.batch_size, world_size=self.processes.world_size
        )

    def _mixed(self, data: CaptionDataset) -> Batches:
        """People's captions, and what else there is to learn from beside them."""
        return Mixture([data, *self._beside]) if self._beside else data

    @property
    def learning(self) -> LiveData | None:
        """The live photos, in an epoch in which the encoder learns."""
        first = self.config.finetuning.from_epoch
        return self.live if 0 < first <= self.state.epoch else None

    def _parallel(self) -> nn.Module:
        learns = self.learning is not None
        self.model.let_encoder_learn(learns)
        self.model.train()
        return self.processes.parallel(self.model, partly=learns)

    def _batches(self) -> Iterator[Batch]:
        data = self.learning.train(self.train_data) if self.learning else self.train_data
        return self._mixed(data).batches(
            self.config.training.batch_size,
            seed=self.config.seed,
            epoch=self.state.epoch,
            first=self.state.batch,
            rank=self.processes.rank,
            world_size=self.processes.world_size,
        )

    def _validate(self, events: Events) -> dict[str, Any]:
        """Caption and score the validation split; keep the weights if none were better."""
        data, settings = self.val_data, self.config
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
        improved = scores["CIDEr"] > self.state.best_cider
        if improved:
            recogniser = self.model.recogniser
            meta = {
                "feature_dim": self.feature_dim,
                "vocabulary_sha256": sha256_hex(self.vocabulary.to_text().encode()),
                "concepts_sha256": recogniser.concepts.sha256 if recogniser else "",
                "report": report.to_dict(),
            }
            self._save_best(self.model, meta)
            write_atomically(self.folder.val_captions, to_json(to_coco_results(captions)))
        return self._entry(
            val_loss=val_loss,
            scores=scores,
            best=improved,
            distinct_captions=len(set(captions.values())),
        )


def _of_decoder(name: str) -> bool:
    return name.startswith("decoder.")
