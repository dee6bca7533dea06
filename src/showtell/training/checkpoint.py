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
from showtell.training.processes import Processes


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
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, processes: Processes
) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Give all that an exact continuation needs: weights, optimiser moments, random states.

    Every process must call it, because each has a random state of its own.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    state = optimizer.state_dict()
    for index, moments in state["state"].items():
        for name, value in moments.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    for rank, random in enumerate(processes.gather(_random_state(processes.device))):
        tensors |= {f"random.{rank}.{name}": value for name, value in random.items()}
    return tensors, state["param_groups"]


def unpack(
    tensors: dict[str, Tensor],
    groups: list[dict[str, Any]],
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    processes: Processes,
) -> None:
    """Put back what `pack` took."""
    model.load_state_dict(weights_of(tensors))
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in part_of(tensors, "optimizer").items():
        index, name = key.split(".", 1)
        moments.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    _restore_random_state(tensors, processes)


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _restore_random_state(tensors: dict[str, Tensor], processes: Processes) -> None:
    random = part_of(tensors, f"random.{processes.rank}")
    if "cpu" in random:  # else: there are more processes than before
        torch.set_rng_state(random["cpu"])
    if processes.device.type == "cuda" and "cuda" in random:
        torch.cuda.set_rng_state(random["cuda"], processes.device)


def weights_of(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Pick the model's weights from a checkpoint's tensors."""
    return part_of(tensors, "model")


def part_of(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Pick the tensors of one part, by their names within it."""
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
