"""From a config to a decoder."""

import difflib
from collections.abc import Callable

from showtell.config import DecoderConfig
from showtell.errors import ConfigError
from showtell.models.decoders import Decoder, MergeDecoder

ARCHITECTURES: dict[str, Callable[..., Decoder]] = {
    "merge": MergeDecoder,
}


def build_decoder(config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> Decoder:
    """Build a decoder with fresh weights, in training mode.

    Raises:
        ConfigError: no architecture of that name.
    """
    if config.architecture not in ARCHITECTURES:
        close = difflib.get_close_matches(config.architecture, ARCHITECTURES, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise ConfigError(
            f"unknown architecture {config.architecture!r}. {hint}Known: {', '.join(ARCHITECTURES)}"
        )
    build = ARCHITECTURES[config.architecture]
    return build(config, feature_dim=feature_dim, vocabulary_size=vocabulary_size)
