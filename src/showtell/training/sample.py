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

COMPACT = 0.75  # captions that have ended are dropped once no more than this share is still written


class Samples(NamedTuple):
    """Captions of some images; R rows, those of one image one after another."""

    token_ids: Tensor  # (R, T) words and `<end>`, then `<pad>`
    log_probs: Tensor  # (R, T) of each token, nats; 0 at `<pad>`


def sample(
    decoder: Decoder,
    features: Tensor,
    concepts: Tensor | None = None,
    *,
    num_samples: int,
    max_length: int,
) -> Samples:
    """Draw captions of images (N, L, D): R = N · `num_samples`, T at most `max_length` + 1.

    A caption of no words is never drawn. One that says a word more than `max_length` is cut there,
    without `<end>`.
    """
    num_rows = len(features) * num_samples
    rows = torch.arange(num_rows, device=features.device)  # those that are still written
    photos = decoder.start(features, concepts)
    state = {name: part[rows // num_samples] for name, part in photos.items()}
    token_ids = torch.full_like(rows, START_ID)
    ended = torch.zeros_like(rows, dtype=torch.bool)
    drawn, log_probs = [], []
    for length in range(max_length + 1):
        step = decoder.step(token_ids, state)
        state = step.state
        token_ids, log_prob = _draw(step.log_probs.float(), may_end=length > 0)
        token_ids = token_ids.masked_fill(ended, PAD_ID)
        drawn.append(rows.new_full((num_rows,), PAD_ID).index_copy(0, rows, token_ids))
        log_prob = log_prob.masked_fill(ended, 0.0)
        log_probs.append(log_prob.new_zeros(num_rows).index_copy(0, rows, log_prob))
        ended = ended | (token_ids == END_ID)
        live = torch.count_nonzero(~ended)
        if live == 0:
            break
        if live <= COMPACT * len(rows):  # else: to copy the state costs more than it saves
            kept = torch.nonzero(~ended).squeeze(1)
            state = {name: part[kept] for name, part in state.items()}
            rows, token_ids, ended = rows[kept], token_ids[kept], ended[kept]
    return Samples(torch.stack(drawn, dim=1), torch.stack(log_probs, dim=1))


def _draw(log_probs: Tensor, *, may_end: bool) -> tuple[Tensor, Tensor]:
    """Draw the next token of each row and give its log-probability among what may be said."""
    forbidden = [*NEVER_EMITTED, *([] if may_end else [END_ID])]
    index = torch.tensor(forbidden, device=log_probs.device)
    allowed = functional.log_softmax(log_probs.index_fill(1, index, -torch.inf), dim=-1)
    token_ids = torch.multinomial(allowed.detach().exp(), 1).squeeze(1)
    chosen = allowed.gather(1, token_ids[:, None]).squeeze(1)
    return token_ids, chosen
