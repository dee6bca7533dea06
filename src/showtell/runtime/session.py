"""ONNX Runtime sessions. The only module that imports onnxruntime."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from showtell.errors import BundleError, one_line

MAX_THREADS = 8  # the networks are small: more threads only wait for each other


def available_cpus() -> int:
    """Count the cores this process may use, a container's CPU quota included."""
    is_linux = hasattr(os, "sched_getaffinity")
    cpus = len(os.sched_getaffinity(0)) if is_linux else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cpus = min(cpus, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no cgroup, or no quota ("max")
    return cpus


def asked_threads() -> int | None:
    """Give `$SHOWTELL_THREADS`, where it is a number above 0."""
    asked = os.environ.get("SHOWTELL_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else None


def default_threads() -> int:
    """Threads for one session: `$SHOWTELL_THREADS`, else the available cores, at most 8."""
    return asked_threads() or min(available_cpus(), MAX_THREADS)


class InferenceSession(ort.InferenceSession):  # type: ignore[misc]
    """ONNX Runtime's, which says of what goes wrong in which graph it does."""

    name = "the graph"  # in messages

    def run(
        self, output_names: Sequence[str] | None, feeds: Mapping[str, Any], *more: Any
    ) -> list[NDArray[Any]]:
        """Compute outputs.

        Raises:
            BundleError: the graph does not take what it is given, or fails.
        """
        try:
            return super().run(output_names, feeds, *more)
        except Exception as error:  # onnxruntime's exceptions share no public base class
            raise BundleError(f"{self.name} cannot run: {one_line(error)}") from error

    @property
    def inputs(self) -> set[str]:
        """The names of what it takes."""
        return {one.name for one in self.get_inputs()}

    @property
    def outputs(self) -> set[str]:
        """The names of what it gives."""
        return {one.name for one in self.get_outputs()}


def make_session(model: bytes, *, name: str, threads: int | None = None) -> InferenceSession:
    """Load an ONNX graph on the CPU.

    Args:
        model: the graph, serialised.
        name: what to call it in messages.
        threads: within one operation; `default_threads()` if not given.

    Raises:
        BundleError: ONNX Runtime cannot load it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or default_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    try:
        session = InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no public base class
        reason = one_line(error)
        raise BundleError(f"{name} cannot be loaded by ONNX Runtime: {reason}") from error
    session.name = name
    return session


def execution_providers() -> list[str]:
    """What ONNX Runtime could run on here; showtell uses the CPU."""
    return list(ort.get_available_providers())
