"""Checkpoints: tensors and JSON in one safetensors file, replaced atomically. Nothing is pickled.

The JSON travels in the safetensors header, so tensors and what they mean can never be of
different moments.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from showtell.errors import CheckpointError
from showtell.files import write_atomically


def save_checkpoint(path: Path, tensors: dict[str, Tensor], meta: dict[str, Any]) -> None:
    """Write tensors and their meaning; the old file stays whole until the new one is."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(contiguous, metadata={"showtell": json.dumps(meta)}))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_checkpoint` wrote.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        data = path.read_bytes()
        tensors = load(data)
        header_bytes = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + header_bytes])
        return tensors, json.loads(header["__metadata__"]["showtell"])
    except FileNotFoundError as error:
        raise CheckpointError(f"no checkpoint at {path}; has this run been trained?") from error
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"the checkpoint {path} cannot be read: {error}") from error


def pack(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Give all that an exact continuation needs: weights, optimiser moments, random state."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    state = optimizer.state_dict()
    for index, moments in state["state"].items():
        for name, value in moments.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors["random.cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    return tensors, state["param_groups"]


def unpack(
    tensors: dict[str, Tensor],
    groups: list[dict[str, Any]],
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> None:
    """Put back what `pack` took."""
    model.load_state_dict(weights_of(tensors))
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            moments.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    torch.set_rng_state(tensors["random.cpu"])
    if device.type == "cuda" and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"], device)


def weights_of(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Pick the model's weights from a checkpoint's tensors."""
    prefix = "model."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
