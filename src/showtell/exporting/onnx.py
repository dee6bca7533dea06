"""PyTorch networks as ONNX graphs.

| graph    | in                        | out                                               |
|----------|---------------------------|---------------------------------------------------|
| encoder  | pixels (B, 3, size, size) | grid (B, L, D), pooled (B, 1, D), concepts (B, C) |
| trunk    | pixels (B, 3, size, size) | trunk (B, T, h, w): see `EfficientNetLite`        |
| start    | features (B, L, D),       | the state, each (B, …)                            |
|          | concepts (B, C)           |                                                   |
| step     | token_ids (R,), the state | log_probs (R, V), `next_` and the state's names   |

Concepts are an output where the encoder has a recogniser, and an input where the decoder looks at
them. State that a step only reads (the projected photo, say) is not among its outputs. A decoder
that attends has one more output of `step`, attention_weights (R, L).
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from showtell.models.decoders import Decoder, State
from showtell.models.encoders import Encoder
from showtell.models.encoders.efficientnet_lite import EfficientNetLite

OPSET = 20


def export_encoder(encoder: Encoder) -> bytes:
    """Export the CNN, without its ImageNet classifier and with the weights it has now."""
    if isinstance(encoder.body, bytes):  # a graph already
        assert encoder.recogniser is None
        return _serialize(onnx.load_from_string(encoder.body))
    if encoder.recogniser is None:
        return _export_seer(encoder, encoder.network, ["grid", "pooled"])
    seer = _Recognising(encoder.network, encoder.recogniser)
    return _export_seer(encoder, seer, ["grid", "pooled", "concepts"])


def export_trunk(encoder: Encoder) -> bytes:
    """Export the first part of an `EfficientNetLite`."""
    return _export_seer(encoder, _Trunk(encoder.network), ["trunk"])


def _export_seer(encoder: Encoder, module: nn.Module, outputs: list[str]) -> bytes:
    size = encoder.preprocessing.size
    return _export(module, (torch.zeros(2, 3, size, size),), inputs=["pixels"], outputs=outputs)


class _Recognising(nn.Module):
    def __init__(self, network: nn.Module, recogniser: nn.Module) -> None:
        super().__init__()
        self.network, self.recogniser = network, recogniser

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        grid, pooled = self.network(pixels)
        return grid, pooled, self.recogniser(pooled)


class _Trunk(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        assert isinstance(network, EfficientNetLite)
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        return self.network.trunk(pixels)


def export_decoder(decoder: Decoder, *, feature_shape: tuple[int, int]) -> tuple[bytes, bytes]:
    """Export a decoder, in evaluation mode, as its start graph and its step graph."""
    assert not decoder.training
    photos = {"features": torch.zeros(2, *feature_shape)}
    if decoder.num_concepts:
        photos["concepts"] = torch.zeros(2, decoder.num_concepts)
    with torch.inference_mode():
        state = decoder.start(**photos)
        probe = decoder.step(torch.zeros(2, dtype=torch.int64), state)
    names = list(state)
    changing = [name for name in names if probe.state[name] is not state[name]]
    looking = ["attention_weights"] if probe.attention_weights is not None else []
    start = _export(
        _Start(decoder, names), tuple(photos.values()), inputs=list(photos), outputs=names
    )
    step = _export(
        _Step(decoder, names, changing),
        (torch.zeros(2, dtype=torch.int64), *state.values()),
        inputs=["token_ids", *names],
        outputs=["log_probs", *(f"next_{name}" for name in changing), *looking],
    )
    return start, step


class _Start(nn.Module):
    def __init__(self, decoder: Decoder, names: list[str]) -> None:
        super().__init__()
        self.decoder, self.names = decoder, names

    def forward(self, features: Tensor, *concepts: Tensor) -> tuple[Tensor, ...]:
        state = self.decoder.start(features, *concepts)
        return tuple(state[name] for name in self.names)


class _Step(nn.Module):
    def __init__(self, decoder: Decoder, names: list[str], changing: list[str]) -> None:
        super().__init__()
        self.decoder, self.names, self.changing = decoder, names, changing

    def forward(self, token_ids: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        state: State = dict(zip(self.names, tensors, strict=True))
        log_probs, after, weights = self.decoder.step(token_ids, state)
        looking = () if weights is None else (weights,)
        return (log_probs, *(after[name] for name in self.changing), *looking)


def _export(
    module: nn.Module, arguments: tuple[Tensor, ...], *, inputs: list[str], outputs: list[str]
) -> bytes:
    """Trace a module whose tensors all have the batch as first, free dimension."""
    batch = torch.export.Dim("batch")
    shapes: tuple[object, ...] = tuple({0: batch} for _ in arguments)
    if len(arguments) > 1:  # what is `*tensors` or `*concepts` is one argument to the exporter
        shapes = (shapes[0], shapes[1:])
    with _quiet_exporter():
        program = torch.onnx.export(
            module.eval(),
            arguments,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return _serialize(_fold_lookups(program.model_proto))


def _fold_lookups(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keep of a table only the rows that a fixed lookup takes: of all words, those of concepts."""
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    folded: set[str] = set()
    for node in [n for n in graph.node if n.op_type == "Gather"]:
        of_rows = all(a.name == "axis" and a.i == 0 for a in node.attribute)
        if of_rows and all(name in constants for name in node.input):
            table, rows = (numpy_helper.to_array(constants[name]) for name in node.input)
            graph.initializer.append(numpy_helper.from_array(table[rows], node.output[0]))
            graph.node.remove(node)
            folded.update(node.input)
    unused = folded - {name for node in graph.node for name in node.input}
    for name in unused:
        graph.initializer.remove(constants[name])
    return model


def _serialize(model: onnx.ModelProto) -> bytes:
    """Take out where each node came from: exporters note the paths of this computer."""
    graph = model.graph
    nodes = (*graph.node, *(node for function in model.functions for node in function.node))
    tensors = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in (model, graph, *model.functions, *nodes, *tensors):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model.SerializeToString()


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep the exporter's chatter about its own internals from the user."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
