"""From a config to an encoder."""

from collections.abc import Callable

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, suggest
from showtell.models.encoders import efficientnet, keras_applications, onnx_backbone, timm_models
from showtell.models.encoders.encoder import Encoder

BUILDERS: dict[str, Callable[[EncoderConfig], Encoder]] = {
    **dict.fromkeys(efficientnet.NAMES, efficientnet.build),
    **dict.fromkeys(keras_applications.NAMES, keras_applications.build),
}
FAMILIES: dict[str, Callable[[EncoderConfig], Encoder]] = {
    "timm:": timm_models.build,
    "onnx:": onnx_backbone.build,
}


def build_encoder(config: EncoderConfig) -> Encoder:
    """Build an encoder with the weights that the config asks for, pretrained ones by default.

    Raises:
        ConfigError: no encoder of that name, or it cannot take a setting.
        MissingExtraError: a package that it needs is not installed.
        DataError: the weights cannot be had, or do not fit the network.
    """
    for prefix, build in FAMILIES.items():
        if config.name.startswith(prefix):
            return build(config)
    if config.name not in BUILDERS:
        raise ConfigError(f"unknown encoder {config.name!r}. {_hint(config.name)}")
    return BUILDERS[config.name](config)


def _hint(name: str) -> str:
    if name.startswith(keras_applications.PREFIX):
        return suggest(name, keras_applications.NAMES)
    return suggest(name, [*BUILDERS, "timm:NAME", "onnx:PATH"])
