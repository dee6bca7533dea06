"""Recurrent layers: `Recurrence` for whole sentences, `RecurrentCell` for a token at a time.

Both are an LSTM (Hochreiter and Schmidhuber 1997, with forget gates) or a GRU (Cho et al. 2014).
The state of an LSTM is `hidden` and `cell`, that of a GRU is `hidden`, each (R, H). G is the
number of gates, 4 or 3.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from showtell.models.decoders.base import State

Cell = Literal["lstm", "gru"]
STATE_NAMES: dict[Cell, tuple[str, ...]] = {"lstm": ("hidden", "cell"), "gru": ("hidden",)}
NUM_GATES: dict[Cell, int] = {"lstm": 4, "gru": 3}


class Recurrence(nn.Module):
    """One layer whose inputs are all known beforehand in training: a sentence is one call."""

    def __init__(self, cell: Cell, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.state_names = STATE_NAMES[cell]
        layer = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.layer: nn.LSTM | nn.GRU = layer(input_dim, hidden_dim, batch_first=True)

    def forward(self, x: Tensor, state: State) -> Tensor:
        """Run whole sentences (R, T, input) from a state; give every hidden (R, T, H)."""
        first = tuple(state[name].unsqueeze(0).contiguous() for name in self.state_names)
        with torch.autocast("cuda", enabled=False):  # there it would be float16, not bfloat16
            if x.is_cuda:
                x, first = x.float(), tuple(part.float() for part in first)
            outputs, _ = self.layer(x, first if len(first) > 1 else first[0])
        return outputs

    def step(self, x: Tensor, state: State) -> State:
        """Run one token a row (R, input)."""
        ih, hh, bias_ih, bias_hh = map(
            self.layer.get_parameter, ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        )
        gates = functional.linear(x, ih, bias_ih)
        return update(gates, functional.linear(state["hidden"], hh, bias_hh), state)

    def zeros(self, like: Tensor) -> State:
        """The state before anything: one row for each of `like`'s."""
        return zeros(like, self.state_names, self.layer.hidden_size)


class RecurrentCell(nn.Module):
    """One layer that is told what its inputs add to the gates.

    An input of several parts is a sum of one dense layer for each, and a part that is known
    beforehand is multiplied once for a whole sentence, or once for an image.
    """

    def __init__(self, cell: Cell, hidden_dim: int) -> None:
        super().__init__()
        self.state_names = STATE_NAMES[cell]
        self.hidden_dim = hidden_dim
        self.bias = nn.Parameter(torch.zeros(NUM_GATES[cell] * hidden_dim))
        self.recurrent = nn.Linear(hidden_dim, len(self.bias))

    def forward(self, gates: Tensor, state: State) -> State:
        """Take one step; `gates` (R, G·H) is the sum over the parts of the input."""
        return update(gates + self.bias, self.recurrent(state["hidden"]), state)

    def input(self, input_dim: int) -> nn.Linear:
        """Make the dense layer of one part of the input."""
        return nn.Linear(input_dim, len(self.bias), bias=False)

    def zeros(self, like: Tensor) -> State:
        """The state before anything: one row for each of `like`'s."""
        return zeros(like, self.state_names, self.hidden_dim)


def zeros(like: Tensor, names: tuple[str, ...], hidden_dim: int) -> State:
    """The state before anything: one row for each of `like`'s."""
    return {name: like.new_zeros(like.shape[0], hidden_dim) for name in names}


def update(gates: Tensor, recurrent: Tensor, state: State) -> State:
    """Take one step of an LSTM or GRU: what input and hidden state add to the gates (R, G·H)."""
    if "cell" not in state:
        return {"hidden": _gru(gates, recurrent, state["hidden"])}
    into, forget, new, out = (gates + recurrent).chunk(4, dim=-1)
    cell = forget.sigmoid() * state["cell"] + into.sigmoid() * new.tanh()
    return {"hidden": out.sigmoid() * cell.tanh(), "cell": cell}


def _gru(gates: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
    reset, keep, new = gates.chunk(3, dim=-1)
    reset_too, keep_too, new_too = recurrent.chunk(3, dim=-1)
    new = (new + (reset + reset_too).sigmoid() * new_too).tanh()
    return new + (keep + keep_too).sigmoid() * (hidden - new)


@torch.no_grad()
def initialise_recurrence(module: Recurrence | RecurrentCell) -> None:
    """Make each recurrent gate orthogonal and open an LSTM's forget gates.

    Source: Saxe et al. 2014 (orthogonal); Jozefowicz et al. 2015 (forget gates).
    """
    recurrent: Tensor
    if isinstance(module, Recurrence):
        weights = dict(module.layer.named_parameters())
        nn.init.xavier_uniform_(weights["weight_ih_l0"])
        recurrent, bias = weights["weight_hh_l0"], weights["bias_ih_l0"]
        nn.init.zeros_(weights["bias_hh_l0"])
    else:
        recurrent, bias = module.recurrent.weight, module.bias
        nn.init.zeros_(module.recurrent.bias)
    hidden_dim = recurrent.shape[1]
    for gate in recurrent.split(hidden_dim):
        nn.init.orthogonal_(gate)
    nn.init.zeros_(bias)
    if "cell" in module.state_names:
        bias[hidden_dim : 2 * hidden_dim] = 1.0  # gates: in, forget, cell, out
