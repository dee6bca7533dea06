"""The recogniser: from what the encoder saw of a whole photo to the probability of each concept.

Two classifiers in one. That of ImageNet's classes came with the encoder, and its probabilities are
summed into everyday words; that of words was trained on captions.

Shapes: B photos, D features, I words of ImageNet's classes, W words of captions, C = I + W.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from showtell.concepts import Concepts

NUM_CLASSES = 1000  # ImageNet
LEAST_SHARE = 1e-4  # of photos; a word begins no rarer, and as far from being on all


class Recogniser(nn.Module):
    """Pooled features (B, 1, D) to probabilities of concepts (B, C)."""

    class_words: Tensor

    def __init__(self, concepts: Concepts, *, feature_dim: int) -> None:
        """Make the layers; weights are those of a checkpoint, or begin by `begin_recogniser`.

        Args:
            concepts: two groups, words of ImageNet's classes and words of captions.
        """
        super().__init__()
        of_classes, of_captions = concepts.groups
        self.concepts = concepts
        self.classes = nn.Linear(feature_dim, NUM_CLASSES)
        self.words = nn.Linear(feature_dim, len(of_captions))
        # (1000, I): which class is which word
        self.register_buffer("class_words", torch.zeros(NUM_CLASSES, len(of_classes)))

    def forward(self, pooled: Tensor) -> Tensor:
        """Give the probability of each concept: (B, C)."""
        photos = pooled.squeeze(1)
        classes = self.classes(photos).softmax(dim=-1)
        return torch.cat([classes @ self.class_words, self.words(photos).sigmoid()], dim=-1)


@torch.no_grad()
def begin_recogniser(
    classifier: nn.Linear,
    *,
    class_words: tuple[tuple[str, ...], NDArray[np.float32]],
    caption_words: tuple[str, ...],
    shares: NDArray[np.float32],
) -> Recogniser:
    """Make a recogniser that knows ImageNet's classes, and of a word how common it is.

    Args:
        classifier: of the 1,000 classes, the encoder's own.
        class_words: as `showtell.concepts.load_imagenet_words` gives them.
        shares: (W,) how common each word of captions is, 0 to 1; what is expected of any photo.
    """
    words, matrix = class_words
    concepts = Concepts((words, caption_words))
    recogniser = Recogniser(concepts, feature_dim=classifier.in_features)
    recogniser.classes.load_state_dict(classifier.state_dict())
    recogniser.class_words.copy_(torch.from_numpy(matrix))
    recogniser.words.weight.zero_()
    recogniser.words.bias.copy_(torch.logit(torch.from_numpy(shares), eps=LEAST_SHARE))
    return recogniser
