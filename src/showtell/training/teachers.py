"""Distillation: one decoder learns what several trained ones expect the next word to be.

Word by word, over the captions that people wrote: what the teachers find likely beside the word
that came says more than that word alone.

Source: Hinton, Vinyals and Dean 2015 (arXiv:1503.02531); Kim and Rush 2016 (arXiv:1606.07947).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from showtell.config import FinetuningConfig
from showtell.data.batches.dataset import Batch
from showtell.errors import ConfigError
from showtell.training.model import CaptionModel, not_trained
from showtell.training.run import TrainedRun
from showtell.vocabulary import PAD_ID, Vocabulary


class Teachers:
    """Trained captioners, asked together."""

    def __init__(
        self,
        runs: Sequence[TrainedRun],
        *,
        vocabulary: Vocabulary,
        finetuning: FinetuningConfig,
        device: torch.device,
    ) -> None:
        """Get them ready.

        Args:
            finetuning: of the run that learns; says whether batches hold photos or cached features.

        Raises:
            ConfigError: one has other words than the run that learns, or an encoder that learned,
                while batches hold another's features.
        """
        for run in runs:
            if run.vocabulary.tokens != vocabulary.tokens:
                raise ConfigError(f"the teacher {run.config.name} has other words than this run")
            if run.encoder_weights is not None and finetuning.from_epoch != 1:
                raise ConfigError(
                    f"the encoder of the teacher {run.config.name} has learned: it must see "
                    "the photos themselves, so finetuning.from_epoch must be 1"
                )
        self._models = [_model(run, live=finetuning.from_epoch > 0).to(device) for run in runs]

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Tensor:
        """Give the probabilities of every token that is scored, their mean: (tokens, V)."""
        real = batch.targets != PAD_ID
        total = torch.zeros(())
        for model in self._models:
            reading = model.decoder(model.look(batch.photos), batch.inputs, batch.image_index)
            logits = model.decoder.readout(reading.outputs[real])
            total = total.to(logits.device) + logits.float().softmax(dim=-1)
        return total / len(self._models)


def _model(run: TrainedRun, *, live: bool) -> CaptionModel:
    return CaptionModel(
        run.decoder,
        not_trained,
        encoder=run.build_encoder().network if live else None,
        kind=run.config.encoder.features,
    ).eval()
