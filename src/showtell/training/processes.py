"""Several processes that train one model together, as `torchrun` starts them.

Each reads its share of every batch; PyTorch's DistributedDataParallel adds up the gradients. The
first process alone validates, writes and speaks. One process is the case of a world of one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar, cast

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from showtell.errors import ShowtellError

T = TypeVar("T")
PATIENCE = timedelta(days=1)  # the others wait while the first validates


@dataclass(frozen=True)
class Processes:
    """This process among those that train together."""

    rank: int = 0  # from 0
    world_size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this is the one that validates, writes and speaks."""
        return self.rank == 0

    def sum(self, *values: float) -> list[float]:
        """Add up each value over all processes."""
        if self.world_size == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(tensor)
        return tensor.tolist()

    def share(self, value: T) -> T:
        """Give every process what the first has."""
        if self.world_size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def first_alone(self, work: Callable[[], T]) -> T:
        """Let the first process do something; all get what it gives, or fail as it fails.

        Raises:
            ShowtellError: as the work does.
        """
        found: T | ShowtellError | None = None
        if self.is_first:
            try:
                found = work()
            except ShowtellError as error:
                found = error
        found = self.share(found)
        if isinstance(found, ShowtellError):
            raise found
        return cast(T, found)

    def gather(self, value: T) -> list[T]:
        """Give every process what each has, by rank."""
        if self.world_size == 1:
            return [value]
        found: list[T] = [value] * self.world_size
        distributed.all_gather_object(found, value)
        return found

    def parallel(self, model: nn.Module, *, partly: bool) -> nn.Module:
        """Wrap a model whose weights that learn are settled, so that gradients are averaged.

        Args:
            partly: whether some of them may go unused, as an encoder's own classifier does.
        """
        if self.world_size == 1:
            return model
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=devices, find_unused_parameters=partly)

    def averaging(self, model: nn.Module, *, now: bool) -> AbstractContextManager[None]:
        """Within the block, a backward pass averages the gradients, or leaves that for later."""
        if now or not isinstance(model, DistributedDataParallel):
            return nullcontext()
        return model.no_sync()


def local_rank() -> int:
    """The number of this process on this machine, which picks its GPU."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def processes_here() -> int:
    """How many processes share this machine's cores."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started, if it did; leave them at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes(device=device)
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(device)  # where objects that are sent travel through
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size(), device)
    finally:
        distributed.destroy_process_group()
