"""What a photo shows, in words, from its pooled features: ImageNet's classes and captions' words.

Shapes: B photos, D feature channels, I words of ImageNet's classes, W words of captions, C = I + W.
"""

import torch
from torch import Tensor, nn

from showtell.concepts import Concepts


class Recogniser(nn.Module):
    """From pooled features (B, 1, D) to the probability of each concept (B, C)."""

    class_words: Tensor  # (1000, I) 1 where a class gives a word

    def __init__(self, concepts: Concepts, class_words: Tensor, *, feature_dim: int) -> None:
        super().__init__()
        self.concepts = concepts
        self.classes = nn.Linear(feature_dim, len(class_words))
        self.words = nn.Linear(feature_dim, len(concepts) - class_words.shape[1])
        self.register_buffer("class_words", class_words)

    def forward(self, pooled: Tensor) -> Tensor:
        features = pooled.squeeze(1)  # (B, D)
        classes = self.classes(features).softmax(dim=-1)  # (B, 1000)
        return torch.cat([classes @ self.class_words, self.words(features).sigmoid()], dim=1)
