"""Keras Applications on PyTorch: the CNNs that captioning courses and papers are written with.

The Keras model serves as a function; its weights belong to a PyTorch module, so that they train,
move and save as any other's.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError
from showtell.extras import require_extra
from showtell.models.encoders.encoder import RGB, Encoder, freeze, preprocessing_of
from showtell.models.encoders.weights import RANDOM, first_line, fixed_seed, require_file

PREFIX = "keras:"
WEIGHTS_FILE = "{}_weights_tf_dim_ordering_tf_kernels_notop.h5"  # as Keras names its downloads


@dataclass(frozen=True, kw_only=True)
class Application:
    """What must be known of one network beside its name."""

    weights_file: str
    min_size: int  # pixels
    mean: RGB
    std: RGB
    is_bgr: bool  # its weights want blue first


_SIGNED: dict[str, Any] = {"mean": (127.5,) * 3, "std": (127.5,) * 3, "is_bgr": False}  # -1..1
_CAFFE: dict[str, Any] = {"mean": (123.68, 116.779, 103.939), "std": (1.0,) * 3, "is_bgr": True}
APPLICATIONS = {
    "Xception": Application(weights_file=WEIGHTS_FILE.format("xception"), min_size=71, **_SIGNED),
    "InceptionV3": Application(
        weights_file=WEIGHTS_FILE.format("inception_v3"), min_size=75, **_SIGNED
    ),
    "ResNet50": Application(weights_file=WEIGHTS_FILE.format("resnet50"), min_size=32, **_CAFFE),
    "VGG16": Application(weights_file=WEIGHTS_FILE.format("vgg16"), min_size=32, **_CAFFE),
}
NAMES = tuple(PREFIX + name for name in APPLICATIONS)


def build(config: EncoderConfig) -> Encoder:
    """Build one of `NAMES`."""
    application = APPLICATIONS[config.name.removeprefix(PREFIX)]
    if config.image_size < application.min_size:
        raise ConfigError(
            f"image_size must be at least {application.min_size} pixels for {config.name}, "
            f"got {config.image_size}"
        )
    keras = _import_keras(config.name)
    with _our_settings(keras), fixed_seed():
        network = KerasNetwork(_build_model(keras, config), is_bgr=application.is_bgr)
    preprocessing = preprocessing_of(config, mean=application.mean, std=application.std)
    return freeze(config.name, network, preprocessing)


class KerasNetwork(nn.Module):
    """A Keras model without its classifier, as a PyTorch module that owns the weights.

    Batch normalisation always uses its running statistics, in training mode too.
    """

    def __init__(self, model: Any, *, is_bgr: bool) -> None:
        super().__init__()
        # In a tuple it is no submodule: Keras's names count the layers made in this process.
        self._model = (model,)
        self._is_bgr = is_bgr
        for index, variable in enumerate(model.trainable_variables):
            self.register_parameter(f"{index}_{variable.name}", nn.Parameter(variable.value))
        for index, variable in enumerate(model.non_trainable_variables):
            self.register_buffer(f"{index}_{variable.name}", variable.value.detach())

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the grid (B, L, D), row by row from the top left, and its mean (B, 1, D)."""
        import keras

        (model,) = self._model
        with keras.device(str(pixels.device)):
            x, _ = model.stateless_call(
                list(self.parameters()),
                list(self.buffers()),
                pixels.flip(1) if self._is_bgr else pixels,
                training=False,
            )  # (B, D, height, width)
        grid = x.flatten(2).transpose(1, 2)
        return grid, grid.mean(dim=1, keepdim=True)


def _import_keras(name: str) -> Any:
    require_extra("keras", purpose=f"the encoder {name}")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "torch"  # read once, as Keras is imported
    import keras

    backend = keras.config.backend()
    if backend != "torch":
        raise ConfigError(
            f"{name} needs Keras on PyTorch, but this process imported it with the backend "
            f"{backend!r}; set KERAS_BACKEND=torch before Keras is imported"
        )
    return keras


@contextmanager
def _our_settings(keras: Any) -> Iterator[None]:
    """Build on the CPU, channels first as PyTorch's, and without a word on stdout."""
    data_format = keras.config.image_data_format()
    is_chatty = keras.config.is_interactive_logging_enabled()
    keras.config.set_image_data_format("channels_first")
    keras.config.disable_interactive_logging()
    try:
        with keras.device("cpu"):
            yield
    finally:
        keras.config.set_image_data_format(data_format)
        if is_chatty:
            keras.config.enable_interactive_logging()


def _build_model(keras: Any, config: EncoderConfig) -> Any:
    name = config.name.removeprefix(PREFIX)

    def construct(weights: str | None) -> Any:
        return getattr(keras.applications, name)(
            include_top=False,
            weights=weights,
            input_shape=(3, config.image_size, config.image_size),
        )

    if not config.weights:
        return _download(config.name, lambda: construct("imagenet"))
    model = construct(None)
    if config.weights != RANDOM:
        path = Path(config.weights)
        require_file(path)
        try:
            model.load_weights(path)
        except Exception as error:  # of HDF5, of Keras, of the zip in a .keras file
            raise DataError(
                f"the weights in {path} do not fit {config.name} without its classifier "
                f"(include_top=False): {first_line(error)}"
            ) from error
    return model


def _download(name: str, construct: Callable[[], Any]) -> Any:
    """Build a network with ImageNet's weights, from Keras's folder or the network."""
    file = APPLICATIONS[name.removeprefix(PREFIX)].weights_file
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "models"
    was_there = (folder.expanduser() / file).exists()  # Keras deletes it if it is damaged
    try:
        return construct()
    except Exception as error:  # Keras raises no narrower class when a download fails
        what = "were damaged" if was_there else "are not here"
        raise DataError(
            f"the ImageNet weights of {name} {what} and cannot be downloaded "
            f"({first_line(error)}); put {file} into {folder}, or name a file in encoder.weights"
        ) from error
