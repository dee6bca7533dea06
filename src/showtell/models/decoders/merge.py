"""Merge: photo and sentence so far meet only after the recurrence.

Source: Tanti, Gatt and Camilleri 2017 (arXiv:1703.09137).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.models.decoders.one_vector import OneVectorDecoder


class MergeDecoder(OneVectorDecoder):
    """The mission's figure: addition, and a dense layer before the softmax.

    features -> dropout -> Dense H (ReLU) ────────────┐
                                                     add -> Dense H (ReLU) -> Dense V
    tokens -> Embedding E -> dropout -> LSTM H ───────┘
    """

    keeps_image = True

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            image_dim=config.hidden_dim,
            input_dim=config.embedding_dim,
            readout=nn.Sequential(
                nn.Linear(config.hidden_dim, config.hidden_dim),
                nn.ReLU(),
                nn.Dropout(config.output_dropout),
                nn.Linear(config.hidden_dim, vocabulary_size),
            ),
            vocabulary_size=vocabulary_size,
        )

    def project(self, features: Tensor) -> Tensor:
        return functional.relu(super().project(features))

    def join(self, outputs: Tensor, image: Tensor) -> Tensor:
        return outputs + image[:, None]


class MergeConcatDecoder(OneVectorDecoder):
    """The paper's own merge: concatenation, straight to the softmax."""

    keeps_image = True

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            image_dim=config.hidden_dim,
            input_dim=config.embedding_dim,
            readout=nn.Sequential(
                nn.Dropout(config.output_dropout),
                nn.Linear(2 * config.hidden_dim, vocabulary_size),
            ),
            vocabulary_size=vocabulary_size,
        )

    def join(self, outputs: Tensor, image: Tensor) -> Tensor:
        return torch.cat([outputs, image[:, None].expand_as(outputs)], dim=-1)
