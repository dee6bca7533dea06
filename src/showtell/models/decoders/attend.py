"""Soft attention over a feature grid, and what the decoders that use it share.

Where such a decoder looks depends on the words before, so a sentence is read token by token in
training too; what does not depend on them (projected grid, embedded words) is computed at once.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.models.decoders.base import Decoder, Reading, State, Step
from showtell.models.decoders.concept_places import ConceptPlaces
from showtell.vocabulary import PAD_ID


class Attention(nn.Module):
    """Additive attention (Bahdanau et al. 2015): a small network scores each location.

    Source: Xu et al. 2015 (arXiv:1502.03044), eq. 4, 5 and 13; Anderson et al. 2018
    (arXiv:1707.07998), eq. 3 to 5.
    """

    def __init__(self, *, query_dim: int, value_dim: int, attention_dim: int) -> None:
        super().__init__()
        self.key = nn.Linear(value_dim, attention_dim)
        self.query = nn.Linear(query_dim, attention_dim, bias=False)
        self.energy = nn.Linear(attention_dim, 1, bias=False)

    def forward(
        self, query: Tensor, keys: Tensor, values: Tensor, absent: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Look: query (R, Q), keys (R, L, A), values (R, L, C) to context (R, C), weights (R, L).

        `keys` is `self.key(values)`, which is worth computing only once a photo. `absent` (R, L)
        is 0, or far below it where there is nothing to look at.
        """
        energies = self.energy((keys + self.query(query)[:, None]).tanh()).squeeze(-1)
        weights = (energies if absent is None else energies + absent).softmax(dim=-1)
        return (weights[:, None] @ values).squeeze(1), weights


class Advance(NamedTuple):
    """One token read, not yet a word."""

    output: Tensor  # (R, W) for the readout
    state: State
    attention_weights: Tensor  # (R, L)


COMPACT = 0.8  # sentences that have ended are dropped once no more than this share is still read
ABSENT = -1e4  # added to the energy of what is not there: its weight is 0


class AttendingDecoder(Decoder):
    """A decoder that looks at the grid again before every word, and at concepts if it has any."""

    needs_grid = True
    embedding_range = 3**0.5  # variance 1: what is said is not drowned by what is seen

    def __init__(
        self,
        config: DecoderConfig,
        *,
        feature_dim: int,
        vocabulary_size: int,
        concept_ids: Sequence[Sequence[int]] = (),
    ) -> None:
        super().__init__()
        self.image = nn.Linear(feature_dim, config.hidden_dim)
        self.image_dropout = nn.Dropout(config.image_dropout)
        self.embedding = nn.Embedding(vocabulary_size, config.embedding_dim, padding_idx=PAD_ID)
        self.embedding_dropout = nn.Dropout(config.embedding_dropout)
        self.attention = Attention(
            query_dim=config.hidden_dim,
            value_dim=config.hidden_dim,
            attention_dim=config.attention_dim,
        )
        self.concepts: ConceptPlaces | None = None
        if config.concept_places:
            self.concepts = ConceptPlaces(
                concept_ids,
                places=config.concept_places,
                embedding_dim=config.embedding_dim,
                hidden_dim=config.hidden_dim,
                dropout=config.concept_dropout,
            )
            self.gist = nn.Linear(config.hidden_dim, config.hidden_dim, bias=False)

    @property
    def num_concepts(self) -> int:
        return 0 if self.concepts is None else len(self.concepts.token_ids)

    @abstractmethod
    def first_state(self, mean: Tensor) -> State:
        """What else the decoder needs of a photo, of the mean of all that it sees (N, H)."""

    @abstractmethod
    def word_gates(self, embedded: Tensor) -> Tensor:
        """What the words (…, E) add to the gates of the first recurrence (…, G)."""

    @abstractmethod
    def advance(self, embedded: Tensor, gates: Tensor, state: State) -> Advance:
        """Read one token a row: its embedding (R, E) and its `word_gates` (R, G)."""

    def start(self, features: Tensor, concepts: Tensor | None = None) -> State:
        grid = self.image_dropout(functional.relu(self.image(features)))  # (N, L, H)
        if self.concepts is None:
            keys = self.attention.key(grid)
            return {"values": grid, "keys": keys, **self.first_state(grid.mean(dim=1))}
        assert concepts is not None
        named, are_named = self.concepts(concepts, self.embedding)  # (N, K, H), (N, K)
        named = self.image_dropout(named)
        seen = (features != 0).any(dim=-1)  # (N, L); all zeros: the photo itself is not shown
        values = torch.cat([grid, named], dim=1)  # (N, L + K, H)
        mean = _mean_where(seen, grid) + self.gist(_mean_where(are_named, named))
        return {
            "values": values,
            "keys": self.attention.key(values),
            "absent": torch.cat([~seen, ~are_named], dim=1).to(values.dtype) * ABSENT,
            **self.first_state(mean),
        }

    def step(self, token_ids: Tensor, state: State) -> Step:
        embedded = self._embed(token_ids)
        output, after, weights = self.advance(embedded, self.word_gates(embedded), state)
        log_probs = functional.log_softmax(self.readout(output), dim=-1)
        return Step(log_probs, {**state, **after}, weights)

    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        lengths = (token_ids != PAD_ID).sum(dim=1)
        order = lengths.argsort(descending=True, stable=True)  # those that end first come last
        rows = (lengths[:, None] > torch.arange(token_ids.shape[1], device=lengths.device)).sum(0)
        photos = self.start(features, concepts)
        state = {name: part[image_index[order]] for name, part in photos.items()}
        embedded = self._embed(token_ids[order])
        words = zip(embedded.unbind(dim=1), self.word_gates(embedded).unbind(dim=1), strict=True)
        outputs, weights = [], []
        kept = len(order)
        for live, (word, gates) in zip(rows.tolist(), words, strict=True):
            if live <= COMPACT * kept:
                kept = live
                state = {name: part[:live] for name, part in state.items()}
            advance = self.advance(word[:kept], gates[:kept], state)
            state = {**state, **advance.state}
            outputs.append(_fill(advance.output, len(order)))
            weights.append(_fill(advance.attention_weights[:live], len(order)))
        back = order.argsort()
        return Reading(torch.stack(outputs, dim=1)[back], torch.stack(weights, dim=1)[back])

    def _embed(self, token_ids: Tensor) -> Tensor:
        return self.embedding_dropout(self.embedding(token_ids))


def _mean_where(mask: Tensor, values: Tensor) -> Tensor:
    """Average the values (N, L, H) where the mask (N, L) is True; 0 where it nowhere is."""
    share = mask.to(values.dtype) / mask.sum(dim=1, keepdim=True).clamp(min=1)
    return (share[:, None] @ values).squeeze(1)


def _fill(rows: Tensor, num_rows: int) -> Tensor:
    """Add rows of zeros for the sentences that have ended."""
    return functional.pad(rows, (0, 0, 0, num_rows - len(rows)))
