"""One LSTM or GRU layer, whole sentences at once or a token at a time.

The state of an LSTM is `hidden` and `cell`, that of a GRU is `hidden`, each (R, H).
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.models.decoders.base import State

Cell = Literal["lstm", "gru"]
STATE_NAMES: dict[Cell, tuple[str, ...]] = {"lstm": ("hidden", "cell"), "gru": ("hidden",)}


class Recurrence(nn.Module):
    """Hochreiter and Schmidhuber 1997 with forget gates (`lstm`), or Cho et al. 2014 (`gru`)."""

    def __init__(self, cell: Cell, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.state_names = STATE_NAMES[cell]
        self.hidden_dim = hidden_dim
        layer = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.layer: nn.LSTM | nn.GRU = layer(input_dim, hidden_dim, batch_first=True)

    def forward(self, x: Tensor, state: State) -> Tensor:
        """Run whole sentences (R, T, input) from a state; give every hidden (R, T, H)."""
        first = tuple(state[name].unsqueeze(0).contiguous() for name in self.state_names)
        outputs, _ = self.layer(x, first if len(first) > 1 else first[0])
        return outputs

    def step(self, x: Tensor, state: State) -> State:
        """Run one token a row (R, input)."""
        return self.update(self.gates(x), state)

    def zeros(self, like: Tensor) -> State:
        """The state before anything: one row for each of `like`'s."""
        return {name: like.new_zeros(like.shape[0], self.hidden_dim) for name in self.state_names}

    def gates(self, x: Tensor, *, first: int = 0) -> Tensor:
        """What inputs `first` and following (…, n) add to the gates (…, 4H or 3H).

        The parts of an input that are known beforehand can so be multiplied for a whole sentence,
        or for an image, at once.
        """
        weight = self.layer.get_parameter("weight_ih_l0")
        return functional.linear(x, weight[:, first : first + x.shape[-1]])

    def update(self, gates: Tensor, state: State) -> State:
        """Take one step; `gates` (R, 4H or 3H) is the sum over the parts of the input."""
        weight, bias_ih, bias_hh = map(
            self.layer.get_parameter, ("weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        )
        hidden = state["hidden"]
        gates, recurrent = gates + bias_ih, functional.linear(hidden, weight, bias_hh)
        if "cell" in self.state_names:
            return _lstm_update(gates + recurrent, state["cell"])
        return {"hidden": _gru_update(gates, recurrent, hidden)}


def _lstm_update(gates: Tensor, cell: Tensor) -> State:
    into, forget, new, out = gates.chunk(4, dim=-1)
    cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
    return {"hidden": out.sigmoid() * cell.tanh(), "cell": cell}


def _gru_update(gates: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
    reset, update, new = gates.chunk(3, dim=-1)
    reset_hidden, update_hidden, new_hidden = recurrent.chunk(3, dim=-1)
    update = (update + update_hidden).sigmoid()
    new = (new + (reset + reset_hidden).sigmoid() * new_hidden).tanh()
    return torch.lerp(new, hidden, update)


@torch.no_grad()
def initialise_recurrence(layer: nn.LSTM | nn.GRU) -> None:
    """Glorot for the inputs, orthogonal for each recurrent gate, forget gates open at first.

    Source: Saxe et al. 2014 (orthogonal); Jozefowicz et al. 2015 (forget gates).
    """
    weights = dict(layer.named_parameters())
    nn.init.xavier_uniform_(weights["weight_ih_l0"])
    for gate in weights["weight_hh_l0"].split(layer.hidden_size):
        nn.init.orthogonal_(gate)
    nn.init.zeros_(weights["bias_hh_l0"])
    nn.init.zeros_(weights["bias_ih_l0"])
    if isinstance(layer, nn.LSTM):
        forget = slice(layer.hidden_size, 2 * layer.hidden_size)  # gates: in, forget, cell, out
        weights["bias_ih_l0"][forget] = 1.0
