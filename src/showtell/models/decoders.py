"""Decoders: from image features and the words so far to the next word.

Every decoder works in two ways that must agree: the whole sentence at once when the words are
known (teacher forcing, for training), and one word at a time from a state (for search and ONNX).

Shapes: N images, R sentences (rows), L locations, D feature width, T tokens, E embedding,
H hidden, V vocabulary.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.vocabulary import PAD_ID

State = dict[str, Tensor]  # each (R, …); what `step` hands on to the next `step`


class Decoder(nn.Module, ABC):
    """What training, search and export ask of a decoder."""

    @abstractmethod
    def forward(self, features: Tensor, token_ids: Tensor, image_index: Tensor) -> Tensor:
        """Read whole sentences; give what `readout` turns into words.

        Args:
            features: (N, L, D), each image once, however many captions it has.
            token_ids: (R, T), from `<start>` on, padded.
            image_index: (R,), the image that each sentence describes.

        Returns:
            (R, T, H); position t has seen tokens 0..t.
        """

    @abstractmethod
    def readout(self, outputs: Tensor) -> Tensor:
        """Turn outputs (…, H) into logits of the next token (…, V)."""

    @abstractmethod
    def start(self, features: Tensor) -> State:
        """Give the state before the first token, one row for each image (N, L, D)."""

    @abstractmethod
    def step(self, token_ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one token a row (R,); give log-probabilities (R, V) in nats and the new state."""


def lstm_step(lstm: nn.LSTM, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step of a one-layer LSTM: input (R, E), hidden and cell (R, H) before and after."""
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return torch.lstm_cell(x, (hidden, cell), *(lstm.get_parameter(name) for name in names))


class MergeDecoder(Decoder):
    """The mission's figure: photo and sentence so far meet only after the LSTM.

        features -> dropout -> Dense H (ReLU) ────────────┐
                                                         add -> Dense H (ReLU) -> Dense V
        tokens -> Embedding E -> dropout -> LSTM H ───────┘

    Source: Tanti, Gatt and Camilleri 2017 (arXiv:1703.09137), "merge", with addition.
    """

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.image = nn.Linear(feature_dim, config.hidden_dim)
        self.embedding = nn.Embedding(vocabulary_size, config.embedding_dim, padding_idx=PAD_ID)
        self.lstm = nn.LSTM(config.embedding_dim, config.hidden_dim, batch_first=True)
        self.merge = nn.Linear(config.hidden_dim, config.hidden_dim)
        self.output = nn.Linear(config.hidden_dim, vocabulary_size)

    def forward(self, features: Tensor, token_ids: Tensor, image_index: Tensor) -> Tensor:
        image = self._project(features)  # (N, H)
        outputs, _ = self.lstm(self.dropout(self.embedding(token_ids)))  # (R, T, H)
        return outputs + image[image_index, None, :]

    def readout(self, outputs: Tensor) -> Tensor:
        return self.output(functional.relu(self.merge(outputs)))

    def start(self, features: Tensor) -> State:
        image = self._project(features)
        return {
            "image": image,
            "hidden": torch.zeros_like(image),
            "cell": torch.zeros_like(image),
        }

    def step(self, token_ids: Tensor, state: State) -> tuple[Tensor, State]:
        hidden, cell = lstm_step(
            self.lstm, self.embedding(token_ids), state["hidden"], state["cell"]
        )
        log_probs = functional.log_softmax(self.readout(hidden + state["image"]), dim=-1)
        return log_probs, {"image": state["image"], "hidden": hidden, "cell": cell}

    def _project(self, features: Tensor) -> Tensor:
        return functional.relu(self.image(self.dropout(features.mean(dim=1))))
