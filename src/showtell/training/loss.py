"""What training minimises."""

from collections.abc import Callable, Sequence
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
    weights: Sequence[Tensor] = (),
    teach: Callable[[Batch], Tensor] | None = None,
    distillation: float = 0.0,
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
        weights: of each image's captions, by the image's position in the dataset; all 1 if empty,
            and of sentences beside borrowed photos.
        teach: gives the probabilities (tokens, V) that trained decoders expect.
        distillation: share of the target that is these, not the word that came.

    Returns:
        The mean over tokens, and how many tokens there were.

    Source: Vinyals et al. 2015 (arXiv:1411.4555), eq. 13.
    """
    outputs, attention_weights = decoder(
        features, batch.inputs, batch.image_index, batch.concepts
    )  # (R, T, W)
    real = batch.targets != PAD_ID  # (R, T)
    logits = decoder.readout(outputs[real])  # (tokens, V)
    losses = functional.cross_entropy(
        logits, batch.targets[real], label_smoothing=label_smoothing, reduction="none"
    )
    if teach:
        expected = functional.cross_entropy(logits, teach(batch), reduction="none")
        losses = (1 - distillation) * losses + distillation * expected
    if weights and batch.images is not None:
        of_caption = torch.cat([weights[image] for image in batch.images.tolist()])
        losses = losses * of_caption.to(losses.device)[:, None].expand(real.shape)[real]
    tokens = len(losses)
    loss = losses.mean()
    if doubly_stochastic and attention_weights is not None:
        looked = attention_weights.sum(dim=1)  # (R, L) how much in all
        loss = loss + doubly_stochastic * (1 - looked).square().sum() / tokens
    return loss, tokens
