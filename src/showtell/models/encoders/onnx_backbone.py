"""Any exported CNN: an ONNX file with one picture in and features out.

What is missing is added by editing the graph: the last output is a map (B, D, height, width), a
grid (B, L, D) or a vector (B, D), and the encoder gives `grid` and `pooled` of it.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError, suggest
from showtell.models.encoders.encoder import Encoder, preprocessing_of
from showtell.models.encoders.weights import first_line
from showtell.runtime.session import make_session

PREFIX = "onnx:"
INNER = "backbone/"  # before the names of the original graph, so that ours are free
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
MIN_IR_VERSION = 4  # before it, weights had to be inputs too


def build(config: EncoderConfig) -> Encoder:
    """Build `onnx:PATH`."""
    path = Path(config.name.removeprefix(PREFIX))
    model = _read(path)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True))
    picture = _only_input(model, path, config.image_size)
    output = _choose_output(model, path, config.output)
    digest.update(output.encode())
    try:
        backbone = _cut_out(model, picture, output, config.image_size)
    except Exception as error:  # onnx raises its own, ValueError and protobuf's
        raise DataError(f"{path} cannot be edited: {first_line(error)}") from error
    features = _try(backbone, path, config.image_size)
    if features.ndim == 2 and config.features == "grid":
        raise ConfigError(
            f'features = "grid" needs a map, but output {output!r} of {path} is one vector for a '
            'picture; set features = "pooled", or name another tensor in encoder.output'
        )
    return Encoder(
        name=f"{PREFIX}{path.name}",
        preprocessing=preprocessing_of(config, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        grid_shape=_grid_shape(features.shape[1:]),
        sha256=digest.hexdigest(),
        body=_add_outputs(backbone, features.ndim).SerializeToString(),
    )


def _read(path: Path) -> onnx.ModelProto:
    if not path.is_file():
        raise DataError(f"no ONNX file at {path}")
    try:
        model = onnx.load(path)  # with its weights, where they lie in a file beside it
        if not model.graph.node:  # as protobuf reads an empty file
            raise ValueError("it computes nothing")
    except Exception as error:  # onnx and protobuf share no error class
        raise DataError(f"{path} is not a usable ONNX model: {first_line(error)}") from error
    model.ir_version = max(model.ir_version, MIN_IR_VERSION)
    return model


def _only_input(model: onnx.ModelProto, path: Path, size: int) -> str:
    """Find the input that takes the picture, float32 (B, 3, size, size)."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(item.name for item in inputs)
        raise ConfigError(
            f"{path} has {len(inputs)} inputs ({names}); an encoder has one, a picture"
        )
    kind = inputs[0].type.tensor_type
    shape = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
    shown = "×".join("?" if n is None else str(n) for n in shape)
    if kind.elem_type != TensorProto.FLOAT or len(shape) != 4 or shape[1] not in (3, None):
        raise ConfigError(
            f"input {inputs[0].name!r} of {path} is {TensorProto.DataType.Name(kind.elem_type)} "
            f"{shown}; an encoder takes float32 pictures B×3×height×width"
        )
    if any(side not in (size, None) for side in shape[2:]):
        raise ConfigError(
            f"{path} takes pictures of {shown}; set encoder.image_size to that, it is {size}"
        )
    return str(inputs[0].name)


def _choose_output(model: onnx.ModelProto, path: Path, asked: str) -> str:
    """Find the tensor that holds the features: the one asked for, or the only output."""
    outputs = [item.name for item in model.graph.output]
    inside = {name for node in model.graph.node for name in node.output}
    if not asked and len(outputs) == 1:
        return str(outputs[0])
    if not asked:
        raise ConfigError(
            f"{path} has {len(outputs)} outputs ({', '.join(outputs)}); name one in encoder.output"
        )
    if asked not in inside.union(outputs):
        raise ConfigError(f"{path} has no output {asked!r}. {suggest(asked, outputs)}")
    return asked


def _cut_out(model: onnx.ModelProto, picture: str, output: str, size: int) -> onnx.ModelProto:
    """Keep what leads from the picture to the output; call the two `pixels` and `features`."""
    for tensor in list(model.graph.input):
        if tensor.name != picture:  # weights listed as inputs, as old files do
            model.graph.input.remove(tensor)
    if output not in {item.name for item in model.graph.output}:  # a tensor inside
        model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, None))
    model = onnx.compose.add_prefix(model, INNER)
    picture, output = INNER + picture, INNER + output
    backbone = onnx.utils.Extractor(model).extract_model([picture], [output])
    graph = backbone.graph
    graph.node.insert(0, helper.make_node("Identity", ["pixels"], [picture]))
    graph.node.append(helper.make_node("Identity", [output], ["features"]))
    for declared in (graph.input, graph.output, graph.value_info):
        del declared[:]  # they may hold the batch that it was exported with
    graph.input.append(_declare("pixels", ["batch", 3, size, size]))
    graph.output.append(_declare("features", None))
    return backbone


def _declare(name: str, shape: list[Any] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _try(backbone: onnx.ModelProto, path: Path, size: int) -> NDArray[np.float32]:
    """Look at two pictures of noise, together and one by one: the features of the two."""
    pixels = np.random.default_rng(0).normal(size=(2, 3, size, size)).astype(np.float32)
    try:
        session = make_session(backbone.SerializeToString(), name=str(path))
        (one,) = session.run(["features"], {"pixels": pixels[:1]})
    except Exception as error:  # ONNX Runtime's exceptions share no public base class
        raise DataError(f"{path} does not run on {size} px: {first_line(error)}") from error
    if one.dtype != np.float32 or one.ndim not in (2, 3, 4) or len(one) != 1:
        raise ConfigError(
            f"the output of {path} is {one.dtype} of shape {one.shape}; an encoder gives float32 "
            "B×D×height×width, B×L×D or B×D; name another tensor in encoder.output"
        )
    if one.ndim == 4 and one.shape[2] != one.shape[3]:  # a square picture gives a square map
        raise ConfigError(
            f"the output of {path} is a map of shape {one.shape}, which looks like "
            "B×height×width×D; an encoder gives B×D×height×width: transpose it, or name the "
            "tensor before the transpose in encoder.output"
        )
    try:
        (both,) = session.run(["features"], {"pixels": pixels})
        fits = both.shape[1:] == one.shape[1:] and np.allclose(both[:1], one, 1e-3, 1e-4)
    except Exception:  # the batch is fixed within
        fits = False
    if not fits:
        raise ConfigError(
            f"{path} takes one picture at a time; export it anew with a free (dynamic) batch"
        )
    return both


def _grid_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """(L, D) of features whose shape without the batch this is."""
    match shape:
        case (dim, height, width):
            return height * width, dim
        case (locations, dim):
            return locations, dim
    return 1, shape[0]


def _add_outputs(backbone: onnx.ModelProto, rank: int) -> onnx.ModelProto:
    """Give `grid` (B, L, D) and `pooled` (B, 1, D), in operators that are the same in any opset."""
    graph = backbone.graph
    if rank == 2:
        steps = [("Reshape", ["features", "one_row"], "grid"), ("Identity", ["grid"], "pooled")]
    else:
        steps = [
            ("Reshape", ["features", "one_column"], "columns"),  # (B, D, L)
            ("Transpose", ["columns"], "grid"),
        ]
        if rank == 3:
            steps = [("Identity", ["features"], "grid"), ("Transpose", ["grid"], "columns")]
        steps += [
            ("GlobalAveragePool", ["columns"], "mean"),  # (B, D, 1)
            ("Reshape", ["mean", "one_row"], "pooled"),
        ]
    for operator, inputs, output in steps:
        options = {"perm": [0, 2, 1]} if operator == "Transpose" else {}
        graph.node.append(helper.make_node(operator, inputs, [output], **options))
    for name, shape in (("one_row", [0, 1, -1]), ("one_column", [0, 0, -1])):
        if any(name in inputs for _, inputs, _ in steps):
            graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), name))
    del graph.output[:]
    graph.output.append(_declare("grid", ["batch", None, None]))
    graph.output.append(_declare("pooled", ["batch", 1, None]))
    return backbone
