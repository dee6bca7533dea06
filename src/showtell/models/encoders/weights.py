"""Weights of PyTorch encoders: read whole or refused, drawn the same each time, hashed."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from showtell.errors import DataError

RANDOM = "random"  # the setting that asks for fresh weights
SEED = 1  # of fresh weights


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read named tensors from a .safetensors file, or from a .pth file without running its code.

    Raises:
        DataError: the file is missing, or holds no named tensors.
    """
    require_file(path)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
        weights = weights.get("state_dict", weights)
        if not all(isinstance(tensor, Tensor) for tensor in weights.values()):
            raise ValueError("not all that it holds are tensors")
    except Exception as error:  # the readers share no error class
        raise DataError(f"{path} holds no PyTorch weights: {first_line(error)}") from error
    return dict(weights)


def require_file(path: Path) -> None:
    """Check that a file of weights is there.

    Raises:
        DataError: it is not.
    """
    if not path.is_file():
        raise DataError(f"no file of weights at {path}; see encoder.weights")


def load_exactly(network: nn.Module, weights: dict[str, Tensor], *, name: str) -> None:
    """Load weights, every tensor accounted for.

    Raises:
        DataError: a tensor is missing, left over, or of another shape.
    """
    expected = network.state_dict()
    wrong = sorted(expected.keys() ^ weights.keys()) or [
        key for key in expected if expected[key].shape != weights[key].shape
    ]
    if wrong:
        raise DataError(
            f"the weights do not fit {name}: {len(wrong)} tensors are missing, left over or of "
            f"another shape ({', '.join(wrong[:3])})"
        )
    network.load_state_dict(weights)


@contextmanager
def fixed_seed() -> Iterator[None]:
    """Let fresh weights be the same each time, and leave other random numbers as they were."""
    state = random.getstate()  # Keras draws the seeds of its layers from Python
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        random.seed(SEED)
        try:
            yield
        finally:
            random.setstate(state)


def hash_weights(network: nn.Module) -> str:
    """Hash every tensor of a network by name, shape and value; hex sha256."""
    return hash_tensors(network.state_dict())


def hash_tensors(tensors: dict[str, Tensor]) -> str:
    """Hash tensors by name, shape and value; hex sha256."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def first_line(error: BaseException) -> str:
    """Shorten another library's message to a line that can stand in ours."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".: ") if lines else type(error).__name__
