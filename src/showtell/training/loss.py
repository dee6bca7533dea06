"""What training minimises."""

import torch
from torch import Tensor
from torch.nn import functional

from showtell.data.dataset import Batch
from showtell.models.decoders import Decoder
from showtell.vocabulary import PAD_ID


def caption_loss(decoder: Decoder, batch: Batch) -> tuple[Tensor, int]:
    """Mean negative log-likelihood of the next token, in nats, by teacher forcing.

    The softmax over the vocabulary is the costly part, so it is computed for real tokens only,
    never for padding.

    Returns:
        The mean over tokens, and how many tokens there were.

    Source: Vinyals et al. 2015 (arXiv:1411.4555), eq. 13.
    """
    outputs, _ = decoder(batch.features, batch.inputs, batch.image_index)  # (R, T, W)
    real = batch.targets != PAD_ID  # (R, T)
    logits = decoder.readout(outputs[real])  # (tokens, V)
    loss = functional.cross_entropy(logits, batch.targets[real])
    return loss, int(torch.count_nonzero(real))
