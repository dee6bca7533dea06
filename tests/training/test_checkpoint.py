"""Checkpoints: all of it comes back, or an error does."""

from pathlib import Path

import pytest
import torch

from showtell.errors import CheckpointError
from showtell.training.checkpoint import (
    load_checkpoint,
    pack,
    save_checkpoint,
    unpack,
    weights_of,
)
from showtell.training.processes import Processes

ALONE = Processes()


def model_after(steps: int) -> tuple[torch.nn.Linear, torch.optim.Adam]:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(steps):
        take_step(model, optimizer)
    return model, optimizer


def take_step(model: torch.nn.Linear, optimizer: torch.optim.Adam) -> None:
    optimizer.zero_grad()
    model(torch.rand(4, 3)).square().sum().backward()
    optimizer.step()


def test_tensors_and_their_meaning_come_back(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, {"x": torch.arange(6.0).view(2, 3).T}, {"epoch": 3, "words": ["ä"]})
    tensors, meta = load_checkpoint(path)
    assert torch.equal(tensors["x"], torch.arange(6.0).view(2, 3).T)
    assert meta == {"epoch": 3, "words": ["ä"]}


def test_training_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    model, optimizer = model_after(steps=3)
    tensors, groups = pack(model, optimizer, ALONE)
    save_checkpoint(tmp_path / "c", tensors, {"groups": groups})
    take_step(model, optimizer)

    fresh, fresh_optimizer = model_after(steps=0)
    torch.manual_seed(99)
    tensors, meta = load_checkpoint(tmp_path / "c")
    unpack(tensors, meta["groups"], fresh, fresh_optimizer, ALONE)
    take_step(fresh, fresh_optimizer)
    assert torch.equal(fresh.weight, model.weight)


def test_weights_are_told_from_the_rest() -> None:
    tensors, _ = pack(*model_after(steps=1), ALONE)
    assert set(weights_of(tensors)) == {"weight", "bias"}


def test_a_missing_checkpoint_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has this run been trained"):
        load_checkpoint(tmp_path / "best.safetensors")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.99])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, {"x": torch.rand(500)}, {"epoch": 1})
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(path)


def test_a_file_that_is_no_checkpoint_of_ours_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save

    path = tmp_path / "foreign.safetensors"
    path.write_bytes(save({"x": torch.zeros(2)}))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(path)
