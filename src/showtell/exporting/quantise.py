"""An encoder in eight bits: a quarter of the size of float32, several times faster on newer CPUs.

Static quantisation by ONNX Runtime: weights with a scale for each output channel, activations
with one for each tensor, found on photos. Weights use seven of their eight bits, or sums overflow
on CPUs without VNNI. The convolutions next to the photo compute in float32: they hold few weights,
and their error would go through all the others; they are stored in float16. What makes concepts of
the pooled features computes in float32 too, for a softmax over a thousand classes shows every step
of a coarse scale; its weights are stored in eight bits.

Source: Jacob et al. 2018 (arXiv:1712.05877).
"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from showtell.errors import BundleError
from showtell.exporting.precision import store_float16, store_int8

# Of the convolutions. On EfficientNet-Lite2 the grid's error is 0.10 of its length with them, 0.12
# with half of them (0.3 MB less in float16), and 0.21 with none.
EXACT_SHARE = 0.62
PERCENTILE = 99.99  # of each activation's values are represented; the rest are cut


def quantise_encoder(graph: bytes, photos: NDArray[np.float32]) -> bytes:
    """Quantise an encoder's graph to int8; inputs and outputs stay float32.

    Args:
        photos: pixels (N, 3, size, size) such as it will see. The activations of all of them are
            held at once: 50 MB a photo for EfficientNet-Lite2.

    Raises:
        BundleError: ONNX Runtime cannot quantise this graph, or a weight is too large for float16.
    """
    with TemporaryDirectory() as folder, _quiet():
        original, simplified, quantised = (Path(folder) / f"{n}.onnx" for n in ("a", "b", "c"))
        original.write_bytes(graph)
        try:
            quant_pre_process(original, simplified, skip_symbolic_shape=True)  # folds BatchNorm
            recogniser = _recogniser(onnx.load(simplified).graph)
            quantize_static(
                simplified,
                quantised,
                _Photos(photos),
                nodes_to_exclude=[
                    *_first_convolutions(simplified),
                    *(node.name for node in recogniser),
                ],
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={"CalibPercentile": PERCENTILE},
            )
        except Exception as error:  # the quantiser's have no base class of their own
            raise BundleError(
                f"the encoder cannot be quantised ({error}); export float16"
            ) from error
        names = {name for node in recogniser for name in node.input}
        return store_float16(store_int8(quantised.read_bytes(), names))


def _recogniser(graph: GraphProto) -> list[NodeProto]:
    """Give the nodes between the pooled features and the concepts, where there are any."""
    makers = {output: node for node in graph.node for output in node.output}
    found: dict[str, NodeProto] = {}
    wanted = ["concepts"]
    while wanted:
        name = wanted.pop()
        if name in makers and name not in ("pooled", *found):
            found[name] = makers[name]
            wanted += makers[name].input
    return list(found.values())


def _first_convolutions(path: Path) -> list[str]:
    names = [node.name for node in onnx.load(path).graph.node if node.op_type == "Conv"]
    return [name for name in names[: int(EXACT_SHARE * len(names))] if name]  # "" would be all


class _Photos(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, photos: NDArray[np.float32]) -> None:
        self._batches = iter(photos[:, None])  # one by one: all batches must be of one size

    def get_next(self) -> dict[str, Any] | None:
        pixels = next(self._batches, None)
        return None if pixels is None else {"pixels": pixels}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the quantiser prints of its own progress from the user."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(disabled)
