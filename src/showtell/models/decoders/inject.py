"""Inject: the photo goes into the recurrence, which mixes it with the words.

Source: Tanti, Gatt and Camilleri 2017 (arXiv:1703.09137).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.models.decoders.base import State
from showtell.models.decoders.one_vector import OneVectorDecoder
from showtell.models.decoders.recurrence import STATE_NAMES


class InjectDecoder(OneVectorDecoder):
    """What the three have in common: the softmax sees the recurrence alone."""

    def __init__(
        self,
        config: DecoderConfig,
        *,
        feature_dim: int,
        vocabulary_size: int,
        image_dim: int,
        input_dim: int,
    ) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            image_dim=image_dim,
            input_dim=input_dim,
            readout=nn.Sequential(
                nn.Dropout(config.output_dropout), nn.Linear(config.hidden_dim, vocabulary_size)
            ),
            vocabulary_size=vocabulary_size,
        )


class InitInjectDecoder(InjectDecoder):
    """The photo is the first state, as in Xu et al. 2015, section 3.1.2: tanh of a dense layer."""

    keeps_image = False

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            vocabulary_size=vocabulary_size,
            image_dim=config.hidden_dim * len(STATE_NAMES[config.cell]),
            input_dim=config.embedding_dim,
        )

    def project(self, features: Tensor) -> Tensor:
        return super().project(features).tanh()

    def first_state(self, image: Tensor) -> State:
        names = self.recurrence.state_names
        return dict(zip(names, image.chunk(len(names), dim=-1), strict=True))


class PreInjectDecoder(InjectDecoder):
    """The photo is the first word, as in Show and Tell (Vinyals et al. 2015, eq. 10).

    Photo and words go through the same weights, so they are brought to the same size: the photo by
    a layer norm (Ba, Kiros and Hinton 2016) without weights of its own. Left alone, the projection
    grew to thirty times a word's length, along few directions, and captions were alike.
    """

    keeps_image = False
    embedding_range = 3**0.5  # variance 1, as the photo has

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            vocabulary_size=vocabulary_size,
            image_dim=config.embedding_dim,
            input_dim=config.embedding_dim,
        )

    def project(self, features: Tensor) -> Tensor:
        image = super().project(features)
        return functional.layer_norm(image, image.shape[-1:])

    def first_state(self, image: Tensor) -> State:
        return self.recurrence.step(image, self.recurrence.zeros(image))


class ParInjectDecoder(InjectDecoder):
    """The photo stands beside every word."""

    keeps_image = True
    embedding_range = 3**0.5  # variance 1: the word must not be drowned by the photo beside it

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            vocabulary_size=vocabulary_size,
            image_dim=config.embedding_dim,
            input_dim=2 * config.embedding_dim,
        )

    def inputs(self, embedded: Tensor, image: Tensor) -> Tensor:
        return torch.cat([embedded, image[:, None].expand_as(embedded)], dim=-1)
