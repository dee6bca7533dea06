"""Weights of encoders: all or nothing, and known by their numbers."""

from pathlib import Path

import pytest
import torch

from showtell.errors import DataError
from showtell.models.encoders.weights import hash_weights, load_exactly, read_weights


@pytest.mark.parametrize(
    "weights",
    [
        {"weight": torch.zeros(2, 3)},
        {"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "extra": torch.zeros(1)},
        {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)},
    ],
    ids=["missing", "left over", "of another shape"],
)
def test_weights_fit_to_the_last_tensor_or_are_refused(weights: dict[str, torch.Tensor]) -> None:
    with pytest.raises(DataError, match="do not fit it"):
        load_exactly(torch.nn.Linear(3, 2), weights, name="it")


def test_the_hash_of_weights_changes_with_any_number_in_them() -> None:
    layer = torch.nn.Linear(3, 2)
    before = hash_weights(layer)
    assert hash_weights(layer) == before
    with torch.no_grad():
        layer.bias[1] += 1e-6
    assert hash_weights(layer) != before


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file of weights at .*gone\.pth"):
        read_weights(tmp_path / "gone.pth")


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code in a file of weights was run')",)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights", Trap(), {"epoch": 3}, [1]])
def test_a_file_that_holds_no_weights_is_refused_and_its_code_not_run(
    tmp_path: Path, name: str, content: object
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(DataError, match=name):
        read_weights(path)


def test_a_checkpoint_that_wraps_its_weights_is_unwrapped(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 2)
    torch.save({"state_dict": layer.state_dict(), "epoch": 3}, tmp_path / "w.pth")
    assert set(read_weights(tmp_path / "w.pth")) == {"weight", "bias"}
