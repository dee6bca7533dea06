"""Keras Applications: Keras's own numbers, in a PyTorch module that trains as any other."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError, MissingExtraError
from showtell.images import normalise
from showtell.models.encoders import Encoder, build_encoder
from showtell.models.encoders.keras_applications import NAMES, PREFIX

SIZE = 96
# Keras 3.15 saves the tensors of PyTorch in a way that NumPy 2 will give up.
keras_saves = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
MODULES = {
    "Xception": "xception",
    "InceptionV3": "inception_v3",
    "ResNet50": "resnet",
    "VGG16": "vgg16",
}
SHAPES = {  # of the grid at 96 px
    "keras:Xception": (9, 2048),
    "keras:InceptionV3": (1, 2048),
    "keras:ResNet50": (9, 2048),
    "keras:VGG16": (9, 512),
}


@pytest.fixture(autouse=True)
def keras_on_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test import Keras before our code does, in whichever order the tests run."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")


def config_of(name: str, weights: str = "random") -> EncoderConfig:
    return EncoderConfig(name=name, image_size=SIZE, weights=weights)


@pytest.fixture(scope="module", params=NAMES)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return build_encoder(config_of(request.param))


def test_the_grid_has_the_shape_that_was_announced_and_pooled_is_its_mean(
    encoder: Encoder,
) -> None:
    with torch.inference_mode():
        grid, pooled = encoder.network(torch.randn(2, 3, SIZE, SIZE))
    assert encoder.feature_shape("grid") == SHAPES[encoder.name] == grid.shape[1:]
    assert encoder.feature_shape("pooled") == (1, encoder.feature_dim) == pooled.shape[1:]
    torch.testing.assert_close(pooled, grid.mean(dim=1, keepdim=True))


def test_a_picture_gives_what_keras_gives_for_it_in_keras_own_way(encoder: Encoder) -> None:
    import keras

    name = encoder.name.removeprefix(PREFIX)
    picture = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    model = getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=(SIZE, SIZE, 3)
    )
    trained = encoder.network
    for variable, value in zip(model.trainable_variables, trained.parameters(), strict=True):
        variable.assign(value)
    for variable, value in zip(model.non_trainable_variables, trained.buffers(), strict=True):
        variable.assign(value)
    preprocess = getattr(keras.applications, MODULES[name]).preprocess_input
    pixels = preprocess(picture[None].astype(np.float32))  # (1, height, width, 3)
    with torch.inference_mode():
        expected = model(pixels, training=False).numpy().reshape(1, -1, encoder.feature_dim)
        ours = normalise(Image.fromarray(picture), encoder.preprocessing)
        found = encoder.network(torch.from_numpy(ours[None]))[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_pixels_are_scaled_as_keras_preprocess_input_does(encoder: Encoder) -> None:
    import keras

    name = encoder.name.removeprefix(PREFIX)
    picture = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    preprocess = getattr(keras.applications, MODULES[name]).preprocess_input
    expected = preprocess(picture.astype(np.float32)).transpose(2, 0, 1)
    found = normalise(Image.fromarray(picture), encoder.preprocessing)
    if name in ("ResNet50", "VGG16"):
        found = found[::-1]  # the network turns RGB into BGR
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_every_weight_learns_and_running_statistics_stay_in_training_mode_too(
    encoder: Encoder,
) -> None:
    network = encoder.network
    before = {name: tensor.clone() for name, tensor in network.named_buffers()}
    network.train().requires_grad_(True)
    try:
        network(torch.randn(2, 3, SIZE, SIZE))[1].sum().backward()
        assert all(p.grad is not None for p in network.parameters())
        assert any((p.grad != 0).any() for p in network.parameters() if p.grad is not None)
        assert all((before[name] == tensor).all() for name, tensor in network.named_buffers())
    finally:
        network.eval().requires_grad_(False).zero_grad(set_to_none=True)


def test_its_weights_save_and_load_as_any_modules_and_change_what_it_sees() -> None:
    first, second = (build_encoder(config_of("keras:VGG16")) for _ in range(2))
    assert first.sha256 == second.sha256
    assert list(first.network.state_dict()) == list(second.network.state_dict())
    pixels = torch.randn(1, 3, SIZE, SIZE)
    with torch.no_grad():
        for parameter in first.network.parameters():
            parameter.mul_(1.1)
    second.network.load_state_dict(first.network.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(second.network(pixels), first.network(pixels))


@keras_saves
@pytest.mark.parametrize(
    ("name", "suffix"), [("VGG16", ".weights.h5"), ("VGG16", ".keras"), ("Xception", ".weights.h5")]
)
def test_weights_come_from_a_file_that_keras_saved(tmp_path: Path, name: str, suffix: str) -> None:
    random = build_encoder(config_of(PREFIX + name))
    import keras

    model = getattr(keras.applications, name)(include_top=False, weights=None)
    numbers = np.random.default_rng(7)
    # Running statistics too, which are the same in every new model.
    model.set_weights([numbers.random(weight.shape) for weight in model.get_weights()])
    path = tmp_path / f"saved{suffix}"
    (model.save if suffix == ".keras" else model.save_weights)(path)
    encoder = build_encoder(config_of(PREFIX + name, str(path)))
    assert encoder.sha256 != random.sha256
    ours = [*encoder.network.parameters(), *encoder.network.buffers()]
    theirs = [*model.trainable_variables, *model.non_trainable_variables]
    pairs = zip(ours, theirs, strict=True)
    assert all((tensor == variable.value).all() for tensor, variable in pairs)


@keras_saves
def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import keras

    model = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    path = tmp_path / "vgg16.weights.h5"
    model.save_weights(path)
    with pytest.raises(DataError, match=r"vgg16\.weights\.h5 do not fit keras:ResNet50"):
        build_encoder(config_of("keras:ResNet50", str(path)))
    (tmp_path / "broken.weights.h5").write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"broken\.weights\.h5"):
        build_encoder(config_of("keras:VGG16", str(tmp_path / "broken.weights.h5")))
    with pytest.raises(DataError, match=r"no file of weights at .*gone"):
        build_encoder(config_of("keras:VGG16", str(tmp_path / "gone.weights.h5")))


@pytest.mark.parametrize("name", NAMES)
def test_a_failed_download_names_the_file_its_folder_and_the_setting(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from keras.src.backend import config as keras_config
    from keras.src.utils import file_utils

    asked: list[str] = []

    def refuse(origin: str, *_: object) -> None:
        asked.append(origin.rsplit("/", 1)[-1])
        raise URLError("no network")

    monkeypatch.setattr(keras_config, "_KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(file_utils, "urlretrieve", refuse)
    with pytest.raises(DataError) as caught:
        build_encoder(config_of(name, ""))
    message = str(caught.value)
    assert "are not here" in message
    assert f"put {asked[0]} into {tmp_path / 'models'}" in message
    assert "encoder.weights" in message
    assert "no network" in message
    assert len(message.splitlines()) == 1
    assert capsys.readouterr().out == ""
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / asked[0]).write_bytes(b"half of it")
    with pytest.raises(DataError, match="were damaged"):
        build_encoder(config_of(name, ""))


def test_a_picture_too_small_for_the_network_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 71 pixels for keras:Xception, got 64"):
        build_encoder(replace(config_of("keras:Xception"), image_size=64))


def test_keras_that_is_not_installed_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("showtell.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"keras:VGG16.*'showtell\[keras\]'"):
        build_encoder(config_of("keras:VGG16"))


def test_keras_on_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "tensorflow")
    with pytest.raises(ConfigError, match=r"backend 'tensorflow'.*KERAS_BACKEND=torch"):
        build_encoder(config_of("keras:VGG16"))


def test_keras_settings_of_the_user_are_left_as_they_were() -> None:
    import keras

    before = keras.config.image_data_format(), keras.config.is_interactive_logging_enabled()
    build_encoder(config_of("keras:VGG16"))
    after = keras.config.image_data_format(), keras.config.is_interactive_logging_enabled()
    assert after == before


def test_keras_is_loaded_only_when_it_is_asked_for_and_then_on_pytorch() -> None:
    code = """
import sys
from showtell.config import EncoderConfig
from showtell.models.encoders import build_encoder
assert "keras" not in sys.modules
build_encoder(EncoderConfig(name="keras:VGG16", image_size=32, weights="random"))
print(sys.modules["keras"].config.backend())
"""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "torch", done.stderr
