"""Bottom-up and top-down attention, here over a CNN's grid instead of a detector's regions."""

from collections.abc import Sequence

from torch import Tensor, nn

from showtell.config import DecoderConfig
from showtell.models.decoders.attend import Advance, AttendingDecoder
from showtell.models.decoders.base import State
from showtell.models.decoders.recurrence import RecurrentCell


class TopDownDecoder(AttendingDecoder):
    """Two recurrences: the first decides where to look, the second what to say.

        word, mean of the grid, language hidden -> attention LSTM -> where to look -> context
        context, attention hidden -> language LSTM -> Dense V

    Source: Anderson et al. 2018 (arXiv:1707.07998), section 3.2.
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
        hidden_dim = config.hidden_dim
        self.looking = RecurrentCell(config.cell, hidden_dim)
        self.word = self.looking.input(config.embedding_dim)
        self.mean = self.looking.input(hidden_dim)
        self.said = self.looking.input(hidden_dim)
        self.speaking = RecurrentCell(config.cell, hidden_dim)
        self.context = self.speaking.input(hidden_dim)
        self.looked = self.speaking.input(hidden_dim)
        self.output = nn.Sequential(
            nn.Dropout(config.output_dropout), nn.Linear(hidden_dim, vocabulary_size)
        )

    def first_state(self, mean: Tensor) -> State:
        return {
            "mean_gates": self.mean(mean),
            **_named("looking", self.looking.zeros(mean)),
            **_named("speaking", self.speaking.zeros(mean)),
        }

    def word_gates(self, embedded: Tensor) -> Tensor:
        return self.word(embedded)

    def advance(self, embedded: Tensor, gates: Tensor, state: State) -> Advance:
        gates = gates + state["mean_gates"] + self.said(state["speaking_hidden"])
        looking = self.looking(gates, _of("looking", state))
        context, weights = self.attention(
            looking["hidden"], state["keys"], state["values"], state.get("absent")
        )
        gates = self.context(context) + self.looked(looking["hidden"])
        speaking = self.speaking(gates, _of("speaking", state))
        after = _named("looking", looking) | _named("speaking", speaking)
        return Advance(speaking["hidden"], after, weights)

    def readout(self, outputs: Tensor) -> Tensor:
        return self.output(outputs)


def _named(name: str, state: State) -> State:
    return {f"{name}_{key}": part for key, part in state.items()}


def _of(name: str, state: State) -> State:
    """Pick one recurrence's state out of all."""
    prefix = f"{name}_"
    return {k.removeprefix(prefix): part for k, part in state.items() if k.startswith(prefix)}
