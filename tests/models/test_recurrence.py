"""Recurrent layers against PyTorch's own."""

from typing import Literal

import pytest
import torch

from showtell.models.decoders.recurrence import (
    Recurrence,
    RecurrentCell,
    initialise_recurrence,
)

INPUT, HIDDEN = 3, 4
Cell = Literal["lstm", "gru"]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_token_by_token_is_the_sentence_at_once(cell: Cell) -> None:
    torch.manual_seed(0)
    layer, x = Recurrence(cell, INPUT, HIDDEN), torch.randn(2, 6, INPUT)
    state = {name: torch.randn(2, HIDDEN) for name in layer.state_names}
    expected = layer(x, state)
    for t in range(6):
        state = layer.step(x[:, t], state)
        torch.testing.assert_close(state["hidden"], expected[:, t])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_an_input_in_parts_is_the_input_in_one_piece(cell: Cell) -> None:
    torch.manual_seed(0)
    layer, parts = Recurrence(cell, INPUT + 2, HIDDEN), RecurrentCell(cell, HIDDEN)
    weights = dict(layer.layer.named_parameters())
    first, second = parts.input(INPUT), parts.input(2)
    with torch.no_grad():
        first.weight.copy_(weights["weight_ih_l0"][:, :INPUT])
        second.weight.copy_(weights["weight_ih_l0"][:, INPUT:])
        parts.recurrent.weight.copy_(weights["weight_hh_l0"])
        parts.recurrent.bias.copy_(weights["bias_hh_l0"])
        parts.bias.copy_(weights["bias_ih_l0"])
    a, b = torch.randn(5, INPUT), torch.randn(5, 2)
    state = {name: torch.randn(5, HIDDEN) for name in layer.state_names}
    found = parts(first(a) + second(b), state)
    expected = layer.step(torch.cat([a, b], dim=1), state)
    for name in layer.state_names:
        torch.testing.assert_close(found[name], expected[name])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_fresh_gates_are_orthogonal_and_an_lstm_forgets_little(cell: Cell) -> None:
    for module in (Recurrence(cell, INPUT, HIDDEN), RecurrentCell(cell, HIDDEN)):
        initialise_recurrence(module)
        weights = dict(module.named_parameters())
        names = ("weight_hh_l0", "recurrent.weight")
        recurrent = next(w for n, w in weights.items() if n.endswith(names))
        for gate in recurrent.split(HIDDEN):
            torch.testing.assert_close(gate @ gate.T, torch.eye(HIDDEN))
        biases = [w for n, w in weights.items() if "bias" in n]
        total = torch.stack(biases).sum(0).tolist()
        assert total == ([0.0] * 4 + [1.0] * 4 + [0.0] * 8 if cell == "lstm" else [0.0] * 12)
