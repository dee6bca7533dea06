"""What a bundle's graphs must take and give: its hashes only say that nobody altered it since.

Shapes: B pictures, L locations, D feature width, C concepts.
"""

from collections.abc import Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.errors import BundleError, one_line
from showtell.runtime.session import InferenceSession

ROUNDING = 1e-3  # by which a probability may be above 1
Array = NDArray[Any]


def check_names(
    encoder: InferenceSession, start: InferenceSession, step: InferenceSession, *, concepts: bool
) -> None:
    """See that each graph takes what the one before it gives.

    Args:
        concepts: whether the bundle says what the encoder's probabilities are of.

    Raises:
        BundleError: it does not.
    """
    more = {"concepts"} if concepts else set()
    _check(encoder, "takes", encoder.inputs, {"pixels"}, {"pixels"})
    _check(encoder, "gives", encoder.outputs, {"grid", "pooled"} | more)
    _check(start, "takes", start.inputs, {"features"}, {"features"} | more)
    state = {"token_ids"} | start.outputs
    _check(step, "takes", step.inputs, state, state)
    _check(step, "gives", step.outputs, {"log_probs"})


def _check(
    graph: InferenceSession,
    what: str,
    there: Set[str],
    at_least: Set[str],
    at_most: Set[str] | None = None,
) -> None:
    if not at_least <= there or not (at_most is None or there <= at_most):
        raise BundleError(
            f"{graph.name} {what} {one_line(', '.join(sorted(there)))}, not "
            f"{one_line(', '.join(sorted(at_least)))}: it is of another model, or damaged"
        )


def check_encoded(
    name: str, num_pictures: int, num_concepts: int, grid: Array, pooled: Array, *concepts: Array
) -> None:
    """Refuse what no encoder gives.

    Args:
        name: of its graph.
        grid: to be (B, L, D).
        pooled: to be (B, 1, D).
        concepts: none, or one to be (B, C), probabilities.

    Raises:
        BundleError: it is something else, or no numbers.
    """
    arrays = (grid, pooled, *concepts)
    width = np.shape(pooled)[-1:]
    fits = (
        np.ndim(grid) == 3
        and np.shape(grid)[::2] == (num_pictures, *width)
        and np.shape(pooled) == (num_pictures, 1, *width)
        and all(np.shape(array) == (num_pictures, num_concepts) for array in concepts)
    )
    if not fits or any(array.dtype.kind != "f" for array in arrays):
        shapes = ", ".join(str(np.shape(array)) for array in arrays)
        raise BundleError(f"{name} gives {shapes}: it is of another model, or damaged")
    if not all(np.isfinite(array).all() for array in arrays):
        raise BundleError(f"{name} gives what are no numbers: it is damaged")
    if any(array.min() < -ROUNDING or array.max() > 1 + ROUNDING for array in concepts):
        raise BundleError(f"{name} gives concepts that are no probabilities: it is damaged")
