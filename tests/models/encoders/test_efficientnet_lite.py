"""The ImageNet CNN: is the port the network its authors trained?"""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from showtell.config import EncoderConfig
from showtell.images import prepare
from showtell.models.encoders import build_encoder
from showtell.models.encoders.efficientnet_lite import SCALINGS, ConvNorm, EfficientNetLite

EXAMPLES = Path(__file__).parents[3] / "examples"
IMAGENET = {"cat.jpg": 285, "coffee.jpg": 967, "photographer.jpg": 872}
# 285 Egyptian cat, 967 espresso, 872 tripod


@pytest.mark.parametrize("name", SCALINGS)
def test_its_classifier_names_what_is_in_photographs(name: str) -> None:
    encoder = build_encoder(EncoderConfig(name=name))
    photos = [prepare(EXAMPLES / file, encoder.preprocessing).pixels for file in IMAGENET]
    with torch.inference_mode():
        logits = encoder.network.classify(torch.from_numpy(np.stack(photos)))
    assert logits.argmax(dim=1).tolist() == list(IMAGENET.values())
    assert logits.softmax(dim=1).amax(dim=1).min() > 0.75


@pytest.mark.parametrize(
    ("name", "published"),
    [("efficientnet-lite0", 4.7), ("efficientnet-lite1", 5.4), ("efficientnet-lite2", 6.1)],
)
def test_it_has_the_published_number_of_parameters(name: str, published: float) -> None:
    millions = sum(p.numel() for p in EfficientNetLite(SCALINGS[name]).parameters()) / 1e6
    assert round(millions, 1) == published


@pytest.mark.parametrize(("size", "side"), [(224, 7), (260, 9), (33, 2)])
def test_the_grid_has_one_location_for_each_32_pixels_and_pooled_is_its_mean(
    size: int, side: int
) -> None:
    network = EfficientNetLite(SCALINGS["efficientnet-lite0"]).eval()
    with torch.inference_mode():
        grid, pooled = network(torch.rand(2, 3, size, size))
    assert grid.shape == (2, side * side, 1280)
    torch.testing.assert_close(pooled, grid.mean(dim=1, keepdim=True))


@pytest.mark.parametrize(
    ("name", "blocks", "channels"),
    [("efficientnet-lite0", 8, 80), ("efficientnet-lite1", 11, 80), ("efficientnet-lite2", 11, 88)],
)
def test_the_trunk_ends_where_a_sixteenth_of_the_side_is_left(
    name: str, blocks: int, channels: int
) -> None:
    network = EfficientNetLite(SCALINGS[name]).eval()
    with torch.inference_mode():
        assert network.trunk(torch.rand(2, 3, 224, 224)).shape == (2, channels, 14, 14)
    assert network.trunk_blocks == blocks


def test_the_grid_runs_row_by_row_from_the_top_left() -> None:
    network = build_encoder(EncoderConfig(name="efficientnet-lite0")).network
    black = torch.full((1, 3, 224, 224), -1.0)
    marked = black.clone()
    marked[:, :, :64, -64:] = 1.0  # top right
    with torch.inference_mode():
        change = (network(marked)[0] - network(black)[0]).norm(dim=2).view(7, 7)
    row, column = divmod(int(change.argmax()), 7)
    assert row <= 1
    assert column >= 5


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [7, 8])
def test_convolutions_pad_as_tensorflow_does(kernel: int, stride: int, size: int) -> None:
    conv = ConvNorm(1, 1, kernel=kernel, stride=stride).eval()
    with torch.inference_mode():
        assert conv(torch.rand(1, 1, size, size)).shape[-1] == math.ceil(size / stride)


def test_where_padding_is_uneven_the_greater_part_goes_to_the_bottom_right() -> None:
    conv = ConvNorm(1, 1, kernel=3, stride=2).eval()
    torch.nn.init.ones_(conv.conv.weight)  # sums its window
    with torch.inference_mode():
        found = conv(torch.ones(1, 1, 4, 4))[0, 0] * math.sqrt(1 + 1e-3)
    # Windows begin at 0 and 2: only the last column and row of the second reach past the edge.
    torch.testing.assert_close(found, torch.tensor([[9.0, 6.0], [6.0, 4.0]]))
