"""Distillation: one decoder learns what several trained ones expect the next word to be.

Word by word, over the captions that people wrote: what the teachers find likely beside the word
that came says more than that word alone.

Source: Hinton, Vinyals and Dean 2015 (arXiv:1503.02531); Kim and Rush 2016 (arXiv:1606.07947).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from showtell.config import Config
from showtell.data.batches.dataset import Batch
from showtell.errors import ConfigError
from showtell.models.encoders import Encoder
from showtell.training.model import CaptionModel, not_trained
from showtell.training.run import TrainedRun
from showtell.vocabulary import PAD_ID, Vocabulary


class Teachers:
    """Trained captioners, asked together."""

    def __init__(
        self,
        runs: Sequence[TrainedRun],
        *,
        config: Config,
        vocabulary: Vocabulary,
        encoder: Encoder,
        device: torch.device,
    ) -> None:
        """Get them ready.

        Args:
            config, vocabulary: of the run that learns.
            encoder: what gives its features, or begins to.

        Raises:
            ConfigError: one has other words than the run that learns, or another encoder.
        """
        for run in runs:
            check_teacher(run.config, config, name=run.name)
            if run.writer()[1] != vocabulary:
                raise ConfigError(f"the teacher {run.name} has other words than this run")
            if config.finetuning.from_epoch != 1 and run.build_encoder().sha256 != encoder.sha256:
                raise ConfigError(
                    f"the encoder of the teacher {run.name} has learned something else: it must "
                    "see the photos themselves, so finetuning.from_epoch must be 1"
                )
        live = config.finetuning.from_epoch > 0
        self._models = [_model(run, live=live).to(device) for run in runs]

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Tensor:
        """Give the probabilities of every token that is scored, their mean: (tokens, V)."""
        real = batch.targets != PAD_ID
        total = torch.zeros(())
        for model in self._models:
            features = model.look(batch.photos)
            reading = model.decoder(features, batch.inputs, batch.image_index, batch.concepts)
            logits = model.decoder.readout(reading.outputs[real])
            total = total.to(logits.device) + logits.float().softmax(dim=-1)
        return total / len(self._models)


def check_teacher(teacher: Config, learner: Config, *, name: str) -> None:
    """Refuse a teacher that does not see what the learner sees.

    Raises:
        ConfigError: their encoders differ, it has no decoder, or one of them looks at concepts
            that the other is not given, or at photos that a text's sentences do not have.
    """
    if teacher.recognises:
        raise ConfigError(f"the teacher {name} has learned to recognise and expects no words")
    if teacher.encoder != learner.encoder:
        raise ConfigError(f"the teacher {name} has other settings of its encoder than this run")
    looks, learns = bool(teacher.decoder.concept_places), bool(learner.decoder.concept_places)
    if looks and not learns:
        raise ConfigError(f"the teacher {name} looks at concepts, and this run is given none")
    if learner.text.sentences and not looks:
        raise ConfigError(
            f"the teacher {name} looks at photos alone, which sentences of a text do not have: set "
            "text.sentences = 0"
        )


def _model(run: TrainedRun, *, live: bool) -> CaptionModel:
    return CaptionModel(
        run.writer()[0],
        not_trained,
        encoder=run.build_encoder().network if live else None,
        kind=run.config.encoder.features,
    ).eval()
