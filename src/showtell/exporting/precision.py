"""Smaller graphs: large weights stored in fewer bits, computed as float32.

ONNX Runtime folds what restores them when it loads the graph, so speed and memory are those of
float32 and only the rounding of the weights remains.
"""

from collections.abc import Callable, Collection

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from showtell.errors import BundleError

MIN_ELEMENTS = 1024  # smaller tensors, and vectors (biases), are not worth it

Stored = tuple[list[TensorProto], list[NodeProto]]  # what holds a tensor, and what restores it


def store_float16(graph: bytes) -> bytes:
    """Halve a graph's size: the rounding is 5e-4 of a weight, or 3e-8 if that is more.

    Raises:
        BundleError: a weight is too large for float16, or not a number.
    """
    return _store(graph, _as_float16)


def store_int8(graph: bytes, names: Collection[str] | None = None) -> bytes:
    """Quarter a graph's size: the rounding is 1/254 of the largest weight of each row.

    Args:
        names: of the tensors to store so; all if not given.

    Raises:
        BundleError: a weight is not a finite number.
    """
    return _store(graph, _as_int8, names)


def _as_float16(name: str, values: NDArray[np.float32]) -> Stored:
    if not np.abs(values).max() <= np.finfo(np.float16).max:
        raise BundleError(f"{name} holds weights that float16 cannot; export float32")
    stored = numpy_helper.from_array(values.astype(np.float16), f"{name}.float16")
    return [stored], [helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT)]


def _as_int8(name: str, values: NDArray[np.float32]) -> Stored:
    largest = np.abs(values).max(axis=-1, keepdims=True)
    if not np.isfinite(largest).all():
        raise BundleError(f"{name} holds weights that are no finite numbers")
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    whole = np.rint(values / scales).astype(np.int8)
    tensors = [
        numpy_helper.from_array(whole, f"{name}.int8"),
        numpy_helper.from_array(scales, f"{name}.scale"),
    ]
    return tensors, [
        helper.make_node("Cast", [f"{name}.int8"], [f"{name}.cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.cast", f"{name}.scale"], [name]),
    ]


def _store(
    graph: bytes,
    store: Callable[[str, NDArray[np.float32]], Stored],
    names: Collection[str] | None = None,
) -> bytes:
    model = onnx.load_from_string(graph)
    tensors: list[TensorProto] = []
    restoring: list[NodeProto] = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        small = values.ndim < 2 or values.size < MIN_ELEMENTS
        asked = names is None or tensor.name in names
        if tensor.data_type != TensorProto.FLOAT or small or not asked:
            tensors.append(tensor)
            continue
        stored, nodes = store(tensor.name, values)
        tensors += stored
        restoring += nodes
    del model.graph.initializer[:]
    model.graph.initializer.extend(tensors)
    nodes = [*restoring, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]  # stale types of the tensors that changed
    onnx.checker.check_model(model)
    return model.SerializeToString()
