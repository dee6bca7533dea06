"""What all encoders have in common, whichever family they are of."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from showtell.config import EncoderConfig
from showtell.errors import ConfigError
from showtell.images import Preprocessing
from showtell.models.encoders.weights import first_line, hash_weights, load_exactly
from showtell.models.recogniser import Recogniser

RGB = tuple[float, ...]  # three numbers, 0..255


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A CNN, ready to look: weights loaded, frozen, in evaluation mode."""

    name: str  # as caches and bundles call it
    preprocessing: Preprocessing
    grid_shape: tuple[int, int]  # (L, D)
    sha256: str  # of the weights
    # A PyTorch module that gives grid and pooled, or an ONNX graph with outputs of these names.
    body: nn.Module | bytes
    recogniser: Recogniser | None = None  # of the pooled features, where the encoder has learned

    @property
    def network(self) -> nn.Module:
        """The PyTorch module: photos (B, 3, size, size) to grid (B, L, D) and pooled (B, 1, D).

        Raises:
            ConfigError: the encoder is a graph.
        """
        if isinstance(self.body, bytes):
            raise ConfigError(
                f"{self.name} cannot be fine-tuned: it is a graph without gradients; take one of "
                "the PyTorch encoders (efficientnet-lite…, keras:…, timm:…)"
            )
        return self.body

    @property
    def feature_dim(self) -> int:
        """D."""
        return self.grid_shape[1]

    def feature_shape(self, kind: str) -> tuple[int, int]:
        """(L, D) of one photo: all locations of the `"grid"`, or one of `"pooled"`."""
        return self.grid_shape if kind == "grid" else (1, self.feature_dim)


def freeze(name: str, network: nn.Module, preprocessing: Preprocessing) -> Encoder:
    """Make an encoder of a module; a black photo tells the shape of its grid.

    Raises:
        ConfigError: it does not run on pictures of that size, or its grid is no square.
    """
    network.eval().requires_grad_(False)
    size = preprocessing.size
    try:
        with torch.inference_mode():
            grid, _ = network(torch.zeros(1, 3, size, size))
    except RuntimeError as error:  # a kernel larger than what is left of a small picture
        raise ConfigError(f"{name} does not run on {size} px: {first_line(error)}") from error
    if math.isqrt(grid.shape[1]) ** 2 != grid.shape[1]:
        raise ConfigError(
            f"{name} gives {grid.shape[1]} locations for a square picture: not all of them are "
            "places in it; take another encoder"
        )
    return Encoder(
        name=name,
        preprocessing=preprocessing,
        grid_shape=(grid.shape[1], grid.shape[2]),
        sha256=hash_weights(network),
        body=network,
    )


def with_weights(encoder: Encoder, weights: dict[str, Tensor], *, name: str) -> Encoder:
    """Give an encoder the weights that it learned.

    Raises:
        DataError: they do not fit.
    """
    load_exactly(encoder.network, weights, name=name)
    return replace(encoder, sha256=hash_weights(encoder.network))


def preprocessing_of(config: EncoderConfig, *, mean: RGB, std: RGB) -> Preprocessing:
    """Scale pixels as the weights were trained with, unless the config says otherwise."""
    return Preprocessing(size=config.image_size, mean=config.mean or mean, std=config.std or std)
