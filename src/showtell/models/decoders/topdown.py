"""Bottom-up and top-down attention, here over a CNN's grid instead of a detector's regions."""

from torch import Tensor, nn

from showtell.config import DecoderConfig
from showtell.models.decoders.attend import Advance, AttendingDecoder
from showtell.models.decoders.base import State
from showtell.models.decoders.recurrence import Recurrence


class TopDownDecoder(AttendingDecoder):
    """Two recurrences: the first decides where to look, the second what to say.

        word, mean of the grid, language hidden -> attention LSTM -> where to look -> context
        context, attention hidden -> language LSTM -> Dense V

    Source: Anderson et al. 2018 (arXiv:1707.07998), section 3.2.
    """

    def __init__(self, config: DecoderConfig, *, feature_dim: int, vocabulary_size: int) -> None:
        super().__init__(config, feature_dim=feature_dim, vocabulary_size=vocabulary_size)
        hidden_dim = config.hidden_dim
        # Inputs of the first: word E, mean of the grid H, hidden of the second H.
        self.looking = Recurrence(config.cell, config.embedding_dim + 2 * hidden_dim, hidden_dim)
        self.speaking = Recurrence(config.cell, 2 * hidden_dim, hidden_dim)  # context, looking
        self.output = nn.Sequential(
            nn.Dropout(config.output_dropout), nn.Linear(hidden_dim, vocabulary_size)
        )

    def first_state(self, values: Tensor) -> State:
        mean = values.mean(dim=1)
        zeros = _prefixed("looking", self.looking.zeros(mean)) | _prefixed(
            "speaking", self.speaking.zeros(mean)
        )
        return {"mean_gates": self.looking.gates(mean, first=self._word_dim), **zeros}

    def word_gates(self, embedded: Tensor) -> Tensor:
        return self.looking.gates(embedded)

    def advance(self, embedded: Tensor, gates: Tensor, state: State) -> Advance:
        said = state["speaking_hidden"]
        first = self._word_dim + said.shape[-1]
        gates = gates + state["mean_gates"] + self.looking.gates(said, first=first)
        looking = self.looking.update(gates, _without("looking", state))
        hidden = looking["hidden"]
        context, weights = self.attention(hidden, state["keys"], state["values"])
        gates = self.speaking.gates(context) + self.speaking.gates(hidden, first=context.shape[-1])
        speaking = self.speaking.update(gates, _without("speaking", state))
        after = _prefixed("looking", looking) | _prefixed("speaking", speaking)
        return Advance(speaking["hidden"], after, weights)

    def readout(self, outputs: Tensor) -> Tensor:
        return self.output(outputs)

    @property
    def _word_dim(self) -> int:
        return self.embedding.embedding_dim


def _prefixed(name: str, state: State) -> State:
    return {f"{name}_{key}": value for key, value in state.items()}


def _without(name: str, state: State) -> State:
    """Pick one recurrence's state out of both."""
    prefix = f"{name}_"
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
