"""Convolutions with the batch normalisation after them as one, which is faster on a CPU.

What BatchNorm does with fixed statistics is linear, so it can be a part of the convolution's
weights and bias. Training may go on with these; afterwards they are taken apart again, so that the
network's tensors are those that it always has.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.models.encoders.efficientnet_lite import ConvNorm, same_padding

M = TypeVar("M", bound=nn.Module)


class FoldedConv(nn.Module):
    """A `ConvNorm` with the statistics it has now, as one convolution with a bias."""

    def __init__(self, source: ConvNorm) -> None:
        super().__init__()
        conv = source.conv
        self.kernel, self.stride = conv.kernel_size[0], conv.stride[0]
        self.conv = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            self.kernel,
            stride=self.stride,
            padding=self.kernel // 2 if self.stride == 1 else 0,  # as SAME, without a copy
            groups=conv.groups,
        )
        scale, shift = _scale_and_shift(source.norm)
        with torch.no_grad():
            self.conv.weight.copy_(conv.weight * scale[:, None, None, None])
            assert self.conv.bias is not None
            self.conv.bias.copy_(shift)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride > 1:
            height, width = x.shape[-2:]
            top, bottom = same_padding(height, self.kernel, self.stride)
            left, right = same_padding(width, self.kernel, self.stride)
            x = functional.pad(x, (left, right, top, bottom))
        return self.conv(x)

    @torch.no_grad()
    def unfold(self, into: ConvNorm) -> None:
        """Give a `ConvNorm` of the same statistics and scale the weights that this one has now."""
        scale, shift = _scale_and_shift(into.norm)
        assert self.conv.bias is not None
        into.conv.weight.copy_(self.conv.weight / scale[:, None, None, None])
        into.norm.bias.add_(self.conv.bias - shift)


def fold(network: M) -> M:
    """Copy a network, each `ConvNorm` in it a `FoldedConv`; evaluation mode is its only one."""
    folded = deepcopy(network)
    for name, module in _conv_norms(network):
        *above, last = name.split(".")
        setattr(folded.get_submodule(".".join(above)), last, FoldedConv(module))
    # PyTorch's stubs do not know this; it is how convolutions are fastest on a CPU.
    return folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def unfold(folded: nn.Module, into: nn.Module) -> None:
    """Give a network the weights that its folded copy has learned; what is frozen stays as it is.

    Args:
        into: what `fold` copied, or one with the same statistics and scales.
    """
    for name, module in _conv_norms(into):
        part = folded.get_submodule(name)
        assert isinstance(part, FoldedConv)
        if part.conv.weight.requires_grad:
            part.unfold(module)


def _conv_norms(network: nn.Module) -> Iterator[tuple[str, ConvNorm]]:
    yield from ((n, m) for n, m in network.named_modules() if isinstance(m, ConvNorm))


def _scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Give what BatchNorm multiplies each channel by, and then adds to it."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - norm.running_mean * scale
