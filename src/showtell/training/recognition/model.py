"""What the stage runs forward: activations of a trunk in, the loss of words and classes out.

The words of captions are learned; what ImageNet's classifier said before, the encoder is to go on
saying of the same view. So it learns new words without forgetting what it could name.

Shapes: N photos with captions, M photos in all, D features, W words.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.data.batches.views import ViewBatch
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.models.encoders.folding import fold
from showtell.models.recogniser import Recogniser


class Published:
    """The encoder as it came: what its classifier says of ImageNet's classes."""

    def __init__(self, network: EfficientNetLite, device: torch.device) -> None:
        self._network = fold(network).requires_grad_(False).to(device)

    @torch.no_grad()
    def __call__(self, activations: Tensor) -> Tensor:
        """Give log-probabilities of the classes: (M, 1000)."""
        logits = self._network.classifier(look(self._network, activations))
        return functional.log_softmax(logits.float(), dim=-1)


class RecognitionModel(nn.Module):
    """The folded encoder, of which the top learns, and the recogniser."""

    def __init__(
        self,
        network: EfficientNetLite,
        recogniser: Recogniser,
        published: Published,
        *,
        class_weight: float,
        dropout: float,
    ) -> None:
        """Fold a copy of the network.

        The weights of depthwise convolutions rest: their gradients cost more than all others.

        Args:
            class_weight: of the classes' loss beside that of the words.
            dropout: before the classifier of words.
        """
        super().__init__()
        self.encoder = fold(network).requires_grad_(False)
        self.recogniser = recogniser
        for block in self.encoder.blocks[self.encoder.trunk_blocks :]:
            block.expand.requires_grad_(True)
            block.project.requires_grad_(True)
        self.encoder.head.requires_grad_(True)
        self._published = published  # a function: no part of the model's weights
        self._class_weight, self._dropout = class_weight, dropout

    def forward(self, batch: ViewBatch) -> tuple[Tensor, int]:
        """The loss of a batch, a mean over its photos, and how many of these have captions."""
        activations = batch.activations
        before = self._published(activations)
        pooled = look(self.encoder, activations)  # (M, D)
        of_captioned = functional.dropout(pooled[: len(batch.shares)], self._dropout, self.training)
        words = word_loss(self.recogniser.words(of_captioned), batch.shares)
        classes = class_loss(self.recogniser.classes(pooled), before)
        return words + self._class_weight * classes, len(batch.shares)


def look(network: EfficientNetLite, activations: Tensor) -> Tensor:
    """Give pooled features (M, D) of what a trunk gave, in float32."""
    grid, _ = network.top(activations.contiguous(memory_format=torch.channels_last))
    return grid.float().mean(dim=1)


def word_loss(logits: Tensor, shares: Tensor) -> Tensor:
    """Binary cross-entropy of words (N, W): summed over words, the mean over photos; nats."""
    losses = functional.binary_cross_entropy_with_logits(logits.float(), shares, reduction="none")
    return losses.sum(dim=1).mean()


def class_loss(logits: Tensor, before: Tensor) -> Tensor:
    """KL divergence of classes (M, 1000) from log-probabilities before; a mean, nats."""
    now = functional.log_softmax(logits.float(), dim=-1)
    return functional.kl_div(now, before, log_target=True, reduction="batchmean")
