"""What the five decoders of Tanti, Gatt and Camilleri 2017 (arXiv:1703.09137) share.

The photo is one vector, the words run through one recurrence. Where the vector comes in is all
that tells them apart: into the first state, among the inputs, or beside the outputs. As in the
paper, the vector is projected without an activation, unless a decoder says otherwise; unlike
there, it is not scaled to length 1.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.models.decoders.base import Decoder, Reading, State, Step
from showtell.models.decoders.recurrence import Recurrence
from showtell.vocabulary import PAD_ID


class OneVectorDecoder(Decoder):
    """A decoder of one vector a photo; a feature grid is averaged first."""

    keeps_image: ClassVar[bool]  # whether each step reads the projected photo again

    def __init__(
        self,
        config: DecoderConfig,
        *,
        feature_dim: int,
        image_dim: int,
        input_dim: int,
        readout: nn.Module,
        vocabulary_size: int,
    ) -> None:
        """Build the shared layers.

        Args:
            image_dim: I, the width of the projected photo.
            input_dim: of the recurrence.
            readout: from the joined outputs to logits.
        """
        super().__init__()
        self.image_dropout = nn.Dropout(config.image_dropout)
        self.image = nn.Linear(feature_dim, image_dim)
        self.embedding = nn.Embedding(vocabulary_size, config.embedding_dim, padding_idx=PAD_ID)
        self.embedding_dropout = nn.Dropout(config.embedding_dropout)
        self.recurrence = Recurrence(config.cell, input_dim, config.hidden_dim)
        self.output = readout

    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        image = self.project(features)[image_index]  # (R, I)
        inputs = self.inputs(self._embed(token_ids), image)  # (R, T, input)
        outputs = self.recurrence(inputs, self.first_state(image))  # (R, T, H)
        return Reading(self.join(outputs, image))

    def readout(self, outputs: Tensor) -> Tensor:
        return self.output(outputs)

    def start(self, features: Tensor, concepts: Tensor | None = None) -> State:
        image = self.project(features)
        state = self.first_state(image)
        return {"image": image, **state} if self.keeps_image else state

    def step(self, token_ids: Tensor, state: State) -> Step:
        image = state.get("image", torch.empty(0))
        inputs = self.inputs(self._embed(token_ids[:, None]), image)[:, 0]
        after = self.recurrence.step(inputs, state)
        outputs = self.join(after["hidden"][:, None], image)[:, 0]
        log_probs = functional.log_softmax(self.readout(outputs), dim=-1)
        return Step(log_probs, {"image": image, **after} if self.keeps_image else after)

    def project(self, features: Tensor) -> Tensor:
        """Bring the photo (N, L, D) to its width here (N, I)."""
        return self.image(self.image_dropout(features.mean(dim=1)))

    def first_state(self, image: Tensor) -> State:
        """The recurrence's state before `<start>`, for each projected photo (R, I)."""
        return self.recurrence.zeros(image)

    def inputs(self, embedded: Tensor, image: Tensor) -> Tensor:
        """What the recurrence reads: of words (R, T, E) and the photo (R, I)."""
        return embedded

    def join(self, outputs: Tensor, image: Tensor) -> Tensor:
        """What the readout sees: of hidden states (R, T, H) and the photo (R, I)."""
        return outputs

    def _embed(self, token_ids: Tensor) -> Tensor:
        return self.embedding_dropout(self.embedding(token_ids))
