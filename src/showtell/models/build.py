"""From a config to a decoder with fresh weights."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn

from showtell.config import Config, DecoderConfig
from showtell.errors import ConfigError, suggest
from showtell.models.decoders import Decoder
from showtell.models.decoders.attend import AttendingDecoder
from showtell.models.decoders.attention import AttentionDecoder
from showtell.models.decoders.inject import (
    InitInjectDecoder,
    ParInjectDecoder,
    PreInjectDecoder,
)
from showtell.models.decoders.merge import MergeConcatDecoder, MergeDecoder
from showtell.models.decoders.recurrence import (
    Recurrence,
    RecurrentCell,
    initialise_recurrence,
)
from showtell.models.decoders.topdown import TopDownDecoder
from showtell.vocabulary import PAD_ID

Architecture = (
    type[MergeDecoder]
    | type[MergeConcatDecoder]
    | type[InitInjectDecoder]
    | type[PreInjectDecoder]
    | type[ParInjectDecoder]
    | type[AttentionDecoder]
    | type[TopDownDecoder]
)
ARCHITECTURES: dict[str, Architecture] = {
    "merge": MergeDecoder,
    "merge-concat": MergeConcatDecoder,
    "init-inject": InitInjectDecoder,
    "pre-inject": PreInjectDecoder,
    "par-inject": ParInjectDecoder,
    "attention": AttentionDecoder,
    "topdown": TopDownDecoder,
}


def find_architecture(name: str) -> Architecture:
    """Look a decoder up by its word in the config.

    Raises:
        ConfigError: no architecture of that name.
    """
    if name not in ARCHITECTURES:
        raise ConfigError(f"unknown architecture {name!r}. {suggest(name, ARCHITECTURES)}")
    return ARCHITECTURES[name]


def check_decoder(config: Config) -> None:
    """Check that a decoder exists and can use its settings, before features are computed.

    Raises:
        ConfigError: the run trains no decoder; no architecture of that name; it attends and there
            is but one vector; or it does not, and a loss is asked for that needs it to.
    """
    if config.recognises:
        raise ConfigError("recognition.min_count: a run that learns to recognise has no decoder")
    name, features = config.decoder.architecture, config.encoder.features
    attends = find_architecture(name).needs_grid
    if attends and features != "grid":
        raise ConfigError(
            f"the architecture {name} looks at a feature grid, but encoder.features is "
            f'"{features}"; set it to "grid"'
        )
    if config.training.doubly_stochastic and not attends:
        raise ConfigError(
            f"training.doubly_stochastic is for decoders that attend, which {name} does not"
        )


def build_decoder(
    config: DecoderConfig,
    *,
    feature_dim: int,
    vocabulary_size: int,
    concept_ids: Sequence[Sequence[int]] = (),
) -> Decoder:
    """Build a decoder with fresh weights, in training mode.

    Args:
        feature_dim: D, the width of the encoder's features.
        concept_ids: the word of each concept, by groups, for a decoder that looks at concepts.

    Raises:
        ConfigError: no architecture of that name; it is to look at concepts, and there are none or
            it cannot.
    """
    architecture = find_architecture(config.architecture)
    decoder: Decoder
    if not config.concept_places:
        decoder = architecture(config, feature_dim=feature_dim, vocabulary_size=vocabulary_size)
    elif not issubclass(architecture, AttendingDecoder):
        raise ConfigError(f"concept_places: the architecture {config.architecture} cannot look")
    elif len(concept_ids) != len(config.concept_places):
        raise ConfigError(
            f"concept_places names {len(config.concept_places)} groups of concepts, but the "
            f"encoder gives {len(concept_ids)}"
        )
    else:
        decoder = architecture(
            config,
            feature_dim=feature_dim,
            vocabulary_size=vocabulary_size,
            concept_ids=concept_ids,
        )
    decoder.apply(partial(_initialise, embedding_range=decoder.embedding_range))
    return decoder


@torch.no_grad()
def _initialise(module: nn.Module, *, embedding_range: float) -> None:
    """Draw weights so that the signal keeps its size.

    Source: Glorot and Bengio 2010 (uniform).
    """
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.uniform_(module.weight, -embedding_range, embedding_range)
        module.weight[PAD_ID].zero_()
    elif isinstance(module, Recurrence | RecurrentCell):
        initialise_recurrence(module)
