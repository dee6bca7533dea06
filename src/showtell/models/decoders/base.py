"""What training, search and export ask of every decoder.

A decoder works in two ways that must agree: the whole sentence at once when the words are known
(teacher forcing, for training), and one word at a time from a state (for search and ONNX).
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

State = dict[str, Tensor]  # each (R, …); what `step` hands on to the next `step`


class Reading(NamedTuple):
    """Whole sentences, read by teacher forcing."""

    outputs: Tensor  # (R, T, …), for `readout`; position t has seen tokens 0..t
    attention_weights: Tensor | None = None  # (R, T, L); each sums to 1, or is 0 at padding


class Step(NamedTuple):
    """One token read in every row."""

    log_probs: Tensor  # (R, V) of the next token, nats
    state: State
    attention_weights: Tensor | None = None  # (R, L), where the decoder looked; sums to 1


class Decoder(nn.Module, ABC):
    """From features and the words so far to the next word."""

    needs_grid: ClassVar[bool] = False  # whether it looks at locations: one vector is no use then
    embedding_range: ClassVar[float] = 0.1  # embedded words begin within this of 0

    @property
    def num_concepts(self) -> int:
        """C, the concepts that it looks at; 0: none."""
        return 0

    @abstractmethod
    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        """Read whole sentences.

        Args:
            features: (N, L, D), each image once, however many captions it has.
            token_ids: (R, T), from `<start>` on, padded.
            image_index: (R,), the image that each sentence describes.
            concepts: (N, C) the probability of each, for a decoder that looks at them.
        """

    @abstractmethod
    def readout(self, outputs: Tensor) -> Tensor:
        """Turn outputs of a reading (…, W) into logits of the next token (…, V)."""

    @abstractmethod
    def start(self, features: Tensor, concepts: Tensor | None = None) -> State:
        """Give the state before the first token, one row for each image (N, L, D)."""

    @abstractmethod
    def step(self, token_ids: Tensor, state: State) -> Step:
        """Read one token a row (R,)."""
