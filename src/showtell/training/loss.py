"""What training minimises."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from showtell.data.batches.dataset import Batch
from showtell.models.decoders import Decoder
from showtell.vocabulary import PAD_ID


class Objective(Protocol):
    """What a batch costs: one number to make small, and how much it weighs beside others."""

    def __call__(self, decoder: Decoder, features: Tensor, batch: Batch) -> tuple[Tensor, int]: ...


def caption_loss(
    decoder: Decoder,
    features: Tensor,
    batch: Batch,
    *,
    label_smoothing: float = 0.0,
    doubly_stochastic: float = 0.0,
) -> tuple[Tensor, int]:
    """Mean negative log-likelihood of the next token, in nats, by teacher forcing.

    The softmax over the vocabulary is the costly part, so it is computed for real tokens only,
    never for padding.

    Args:
        features: (N, L, D) of the batch's images.
        label_smoothing: share of each target that is spread over the vocabulary (Szegedy et al.
            2016, section 7).
        doubly_stochastic: weight of the term that wants each location looked at once in a
            sentence (Xu et al. 2015, eq. 14), summed over locations, for each caption.

    Returns:
        The mean over tokens, and how many tokens there were.

    Source: Vinyals et al. 2015 (arXiv:1411.4555), eq. 13.
    """
    outputs, attention_weights = decoder(features, batch.inputs, batch.image_index)  # (R, T, W)
    real = batch.targets != PAD_ID  # (R, T)
    logits = decoder.readout(outputs[real])  # (tokens, V)
    loss = functional.cross_entropy(logits, batch.targets[real], label_smoothing=label_smoothing)
    tokens = int(torch.count_nonzero(real))
    if doubly_stochastic and attention_weights is not None:
        looked = attention_weights.sum(dim=1)  # (R, L) how much in all
        loss = loss + doubly_stochastic * (1 - looked).square().sum() / tokens
    return loss, tokens
