"""Smaller graphs: weights stored as float16, computed as float32."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from showtell.errors import BundleError

MIN_ELEMENTS = 1024  # smaller tensors (biases, constants) are not worth a Cast


def store_float16(graph: bytes) -> bytes:
    """Halve a graph's size: large float32 weights become float16 with a Cast behind them.

    ONNX Runtime folds the Casts away when it loads the graph, so speed and memory are those of
    float32 and only the rounding of the weights remains: 5e-4 of a weight, or 3e-8 if that is more.

    Raises:
        BundleError: a weight is too large for float16, or not a number.
    """
    model = onnx.load_from_string(graph)
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < MIN_ELEMENTS:
            continue
        if not np.abs(values).max() <= np.finfo(np.float16).max:
            raise BundleError(f"{tensor.name} holds weights that float16 cannot; export float32")
        name = tensor.name
        stored = f"{name}.float16"
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
    del model.graph.value_info[:]  # stale types of the tensors that changed
    onnx.checker.check_model(model)
    return model.SerializeToString()
