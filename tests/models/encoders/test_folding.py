"""BatchNorm as a part of the convolution before it."""

import pytest
import torch
from torch import Tensor, nn

from showtell.models.encoders.efficientnet_lite import SCALINGS, EfficientNetLite
from showtell.models.encoders.folding import fold, unfold


@pytest.fixture
def network() -> EfficientNetLite:
    """Lite1 with statistics, scales and shifts that are not 0 and 1."""
    torch.manual_seed(1)
    network = EfficientNetLite(SCALINGS["efficientnet-lite1"]).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            for tensor in (module.bias, module.running_mean):
                nn.init.normal_(tensor, std=0.2)
            nn.init.uniform_(module.running_var, 0.1, 0.3)
    return network


@pytest.fixture
def pixels() -> Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))


@torch.no_grad()
def test_a_folded_network_gives_the_same(network: EfficientNetLite, pixels: Tensor) -> None:
    for found, expected in zip(fold(network)(pixels), network(pixels), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
        assert found.std() > 0.01


def test_folding_leaves_the_network_as_it_was(network: EfficientNetLite) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for weight in fold(network).parameters():
        nn.init.zeros_(weight)
    assert all(torch.equal(before[n], tensor) for n, tensor in network.state_dict().items())


def test_what_was_folded_and_unfolded_is_as_before(network: EfficientNetLite) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    unfold(fold(network), into=network)
    torch.testing.assert_close(network.state_dict(), before, atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_what_a_folded_network_learned_the_unfolded_one_has(
    network: EfficientNetLite, pixels: Tensor
) -> None:
    unlearned = network(pixels)[0].clone()
    folded = fold(network)
    for weight in (p for block in folded.blocks[8:] for p in block.parameters()):
        weight += 0.03 * torch.randn_like(weight)
    unfold(folded, into=network)
    found, expected = network(pixels)[0], folded(pixels)[0]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(found, unlearned, atol=0.01)


@torch.no_grad()
def test_what_is_frozen_keeps_its_very_bits(network: EfficientNetLite) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    unfold(fold(network).requires_grad_(False), into=network)
    assert all(torch.equal(before[n], tensor) for n, tensor in network.state_dict().items())
