"""From a config to a decoder with fresh weights."""

from collections.abc import Callable

import torch
from torch import nn

from showtell.config import DecoderConfig
from showtell.errors import ConfigError, suggest
from showtell.models.decoders import Decoder, MergeDecoder
from showtell.vocabulary import PAD_ID

ARCHITECTURES: dict[str, Callable[..., Decoder]] = {
    "merge": MergeDecoder,
}


def build_decoder(config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> Decoder:
    """Build a decoder with fresh weights, in training mode.

    Raises:
        ConfigError: no architecture of that name.
    """
    if config.architecture not in ARCHITECTURES:
        raise ConfigError(
            f"unknown architecture {config.architecture!r}. "
            f"{suggest(config.architecture, ARCHITECTURES)}"
        )
    build = ARCHITECTURES[config.architecture]
    decoder = build(config, feature_dim=feature_dim, vocabulary_size=vocabulary_size)
    decoder.apply(_initialise)
    return decoder


@torch.no_grad()
def _initialise(module: nn.Module) -> None:
    """Draw weights so that the signal keeps its size: Glorot, orthogonal per gate, open gates.

    Source: Glorot and Bengio 2010 (uniform); Saxe et al. 2014 (orthogonal recurrence); Jozefowicz
    et al. 2015 (forget gates open at first).
    """
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.uniform_(module.weight, -0.1, 0.1)
        module.weight[PAD_ID].zero_()
    elif isinstance(module, nn.LSTM):
        weights = dict(module.named_parameters())
        nn.init.xavier_uniform_(weights["weight_ih_l0"])
        for gate in weights["weight_hh_l0"].chunk(4):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(weights["bias_hh_l0"])
        nn.init.zeros_(weights["bias_ih_l0"])
        forget = slice(module.hidden_size, 2 * module.hidden_size)  # gates: in, forget, cell, out
        weights["bias_ih_l0"][forget] = 1.0
