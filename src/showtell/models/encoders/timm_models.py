"""Any model of timm (PyTorch Image Models): CNNs, and transformers whose patches are the grid."""

import difflib
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError, MissingExtraError
from showtell.models.encoders.encoder import RGB, Encoder, freeze, preprocessing_of
from showtell.models.encoders.weights import (
    RANDOM,
    first_line,
    fixed_seed,
    load_exactly,
    read_weights,
)

PREFIX = "timm:"


def build(config: EncoderConfig) -> Encoder:
    """Build `timm:NAME`."""
    timm = _import_timm(config.name)
    name = config.name.removeprefix(PREFIX)
    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(), n=1)
        hint = f"Did you mean '{PREFIX}{close[0]}'?" if close else "See timm.list_models()."
        raise ConfigError(f"unknown encoder {config.name!r}. {hint}")
    with fixed_seed():
        model = _create(timm, name, config)
    published = model.pretrained_cfg
    preprocessing = preprocessing_of(
        config, mean=_to_255(published["mean"]), std=_to_255(published["std"])
    )
    return freeze(config.name, TimmNetwork(model), preprocessing)


class TimmNetwork(nn.Module):
    """A timm model up to its last feature map."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the grid (B, L, D), row by row from the top left, and its mean (B, 1, D)."""
        x = self.model.forward_features(pixels)
        if x.ndim == 3:  # tokens (B, N, D): those before the patches stand for no location
            grid = x[:, getattr(self.model, "num_prefix_tokens", 0) :]
        elif x.shape[1] == self.model.num_features:  # (B, D, height, width)
            grid = x.flatten(2).transpose(1, 2)
        else:  # (B, height, width, D), as Swin's
            grid = x.flatten(1, 2)
        return grid, grid.mean(dim=1, keepdim=True)


def _import_timm(name: str) -> Any:
    try:
        import timm
    except Exception as error:  # also a torchvision that does not fit this PyTorch
        raise MissingExtraError(
            f"the encoder {name} needs timm, which cannot be imported ({first_line(error)}): "
            "pip install 'showtell[timm]'"
        ) from error
    return timm


def _create(timm: Any, name: str, config: EncoderConfig) -> Any:
    try:
        published = timm.get_pretrained_cfg(name)
    except Exception as error:  # as of resnet18.unheard_of
        raise ConfigError(f"timm has no {config.name}: {first_line(error)}") from error
    options: dict[str, Any] = {"num_classes": 0}
    if published is not None and published.fixed_input_size:  # a transformer's, of position
        options["img_size"] = config.image_size
    if not config.weights:
        try:
            return timm.create_model(name, pretrained=True, **options)
        except Exception as error:  # of timm, of the hub, of the network
            raise DataError(
                f"the weights of {config.name} cannot be had ({first_line(error)}); download them "
                "once where there is a network, or name a file in encoder.weights"
            ) from error
    try:
        model = timm.create_model(name, pretrained=False, **options)
    except Exception as error:
        raise ConfigError(f"timm cannot build {config.name}: {first_line(error)}") from error
    if config.weights != RANDOM:
        weights = read_weights(Path(config.weights))
        load_exactly(model, _without_classifier(weights, model), name=config.name)
    return model


def _without_classifier(weights: dict[str, Tensor], model: Any) -> dict[str, Tensor]:
    heads = model.pretrained_cfg["classifier"]  # "fc", or a tuple of such names
    prefixes = tuple(f"{head}." for head in ([heads] if isinstance(heads, str) else heads))
    kept = model.state_dict()
    return {
        name: tensor
        for name, tensor in weights.items()
        if name in kept or not name.startswith(prefixes)
    }


def _to_255(shares: RGB) -> RGB:
    return tuple(255.0 * share for share in shares)
