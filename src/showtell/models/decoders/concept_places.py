"""Concepts as places: words that the photo shows, among the locations that a decoder looks at.

A concept is a word with the probability that it belongs to the photo. The likeliest of each group
become places beside those of the grid, each made of the word's embedding and of how likely it is.

Shapes: N images, C concepts in all, K places, E embedding, H hidden.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST = 0.02  # a less likely concept is no place
CLOSE_TO_CERTAIN = 1e-3  # probabilities are kept this far from 0 and 1 for their log-odds


class ConceptPlaces(nn.Module):
    """From probabilities of concepts (N, C) to places (N, K, H), and which of them are there."""

    token_ids: Tensor

    def __init__(
        self,
        token_ids: Sequence[Sequence[int]],
        *,
        places: Sequence[int],
        embedding_dim: int,
        hidden_dim: int,
        dropout: float,
    ) -> None:
        """Make the layers.

        Args:
            token_ids: of each group's concepts, in the order of their probabilities.
            places: how many of each group's likeliest concepts become places.
            dropout: share of the places that a photo loses in training.
        """
        super().__init__()
        ids = torch.tensor([i for group in token_ids for i in group], dtype=torch.int64)
        self.register_buffer("token_ids", ids)  # (C,)
        self._sizes = [len(group) for group in token_ids]
        self._places = [min(k, n) for k, n in zip(places, self._sizes, strict=True)]
        self._dropout = dropout
        self.kind = nn.Parameter(torch.zeros(len(self._sizes), hidden_dim))  # of each group
        self.project = nn.Linear(embedding_dim + 2, hidden_dim)

    def forward(self, concepts: Tensor, embedding: nn.Embedding) -> tuple[Tensor, Tensor]:
        """Give values (N, K, H) and a mask (N, K), True where there is a place."""
        embedded = embedding(self.token_ids)  # (C, E)
        values, masks, first = [], [], 0
        for kind, (size, places) in enumerate(zip(self._sizes, self._places, strict=True)):
            probs, chosen = concepts[:, first : first + size].topk(places, dim=1)  # (N, k)
            words = embedded[first + chosen]  # (N, k, E)
            odds = torch.logit(probs, eps=CLOSE_TO_CERTAIN)
            strength = torch.stack([probs, odds / 5], dim=-1)  # (N, k, 2)
            values.append(self.project(torch.cat([words, strength], dim=-1)) + self.kind[kind])
            masks.append(probs > LEAST)
            first += size
        mask = torch.cat(masks, dim=1)
        if self.training:
            mask = mask & (torch.rand_like(mask, dtype=torch.float32) >= self._dropout)
        return functional.relu(torch.cat(values, dim=1)), mask
