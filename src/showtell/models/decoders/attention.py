"""Show, Attend and Tell: one recurrence that looks before every word."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from showtell.config import DecoderConfig
from showtell.models.decoders.attend import Advance, AttendingDecoder
from showtell.models.decoders.base import State
from showtell.models.decoders.recurrence import RecurrentCell


class AttentionDecoder(AttendingDecoder):
    """Soft attention, gated, with a deep output layer.

    The doubly stochastic term is part of the loss (`training.doubly_stochastic`). Unlike the
    paper's, the grid is projected first, and the output layer has a tanh, as in the authors' code.

    Source: Xu et al. 2015 (arXiv:1502.03044), sections 3.1.2 and 4.2.1.
    """

    def __init__(
        self,
        config: DecoderConfig,
        *,
        feature_dim: int,
        vocabulary_size: int,
        concept_ids: Sequence[Sequence[int]] = (),
    ) -> None:
        super().__init__(
            config,
            feature_dim=feature_dim,
            vocabulary_size=vocabulary_size,
            concept_ids=concept_ids,
        )
        embedding_dim, hidden_dim = config.embedding_dim, config.hidden_dim
        self.recurrence = RecurrentCell(config.cell, hidden_dim)
        self.word = self.recurrence.input(embedding_dim)
        self.context = self.recurrence.input(hidden_dim)
        self.first = nn.Linear(hidden_dim, hidden_dim * len(self.recurrence.state_names))
        self.gate = nn.Linear(hidden_dim, 1)
        self.deep = nn.Linear(2 * hidden_dim, embedding_dim)  # L_h and L_z of eq. 7
        self.output = nn.Sequential(
            nn.Dropout(config.output_dropout), nn.Linear(embedding_dim, vocabulary_size)
        )

    def first_state(self, mean: Tensor) -> State:
        names = self.recurrence.state_names
        parts = self.first(mean).tanh().chunk(len(names), dim=-1)
        return dict(zip(names, parts, strict=True))

    def word_gates(self, embedded: Tensor) -> Tensor:
        return self.word(embedded)

    def advance(self, embedded: Tensor, gates: Tensor, state: State) -> Advance:
        hidden = state["hidden"]
        context, weights = self.attention(
            hidden, state["keys"], state["values"], state.get("absent")
        )
        context = self.gate(hidden).sigmoid() * context  # beta of section 4.2.1
        after = self.recurrence(gates + self.context(context), state)
        output = torch.cat([after["hidden"], context, embedded], dim=-1)
        return Advance(output, after, weights)

    def readout(self, outputs: Tensor) -> Tensor:
        seen, embedded = outputs.split([self.deep.in_features, self.deep.out_features], dim=-1)
        return self.output((self.deep(seen) + embedded).tanh())
