"""Sampling: captions drawn word by word as the decoder weighs them, with gradients.

For self-critical training. Captioning searches instead: `showtell.decoding`.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from showtell.decoding.stepper import NEVER_EMITTED
from showtell.models.decoders import Decoder
from showtell.vocabulary import END_ID, PAD_ID, START_ID


class Samples(NamedTuple):
    """Captions of some images; R rows, those of one image one after another."""

    token_ids: Tensor  # (R, T) words and `<end>`, then `<pad>`
    log_probs: Tensor  # (R, T) of each token, nats; 0 at `<pad>`


def sample(decoder: Decoder, features: Tensor, *, num_samples: int, max_length: int) -> Samples:
    """Draw captions of images (N, L, D): R = N · `num_samples`, T at most `max_length`.

    A caption of no words is never drawn. One that has not ended after `max_length` tokens is cut
    there, without `<end>`.
    """
    rows = torch.arange(len(features), device=features.device).repeat_interleave(num_samples)
    state = {name: part[rows] for name, part in decoder.start(features).items()}
    token_ids = torch.full_like(rows, START_ID)
    ended = torch.zeros_like(rows, dtype=torch.bool)
    drawn, log_probs = [], []
    for length in range(max_length):
        step = decoder.step(token_ids, state)
        state = step.state
        token_ids, log_prob = _draw(step.log_probs.float(), may_end=length > 0)
        token_ids = token_ids.masked_fill(ended, PAD_ID)
        drawn.append(token_ids)
        log_probs.append(log_prob.masked_fill(token_ids == PAD_ID, 0.0))
        ended = ended | (token_ids == END_ID)
        if ended.all():
            break
    return Samples(torch.stack(drawn, dim=1), torch.stack(log_probs, dim=1))


def _draw(log_probs: Tensor, *, may_end: bool) -> tuple[Tensor, Tensor]:
    """Draw the next token of each row and give its log-probability among what may be said."""
    forbidden = [*NEVER_EMITTED, *([] if may_end else [END_ID])]
    index = torch.tensor(forbidden, device=log_probs.device)
    allowed = functional.log_softmax(log_probs.index_fill(1, index, -torch.inf), dim=-1)
    token_ids = torch.multinomial(allowed.detach().exp(), 1).squeeze(1)
    chosen = allowed.gather(1, token_ids[:, None]).squeeze(1)
    return token_ids, chosen
