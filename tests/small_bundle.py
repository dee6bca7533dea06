"""A bundle of a few hundred bytes, made by hand; nothing is trained, and it says "a dog runs"."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from showtell.bundle import (
    CONCEPTS,
    ENCODER,
    MANIFEST,
    START,
    STEP,
    VOCABULARY,
    EncoderInfo,
    Manifest,
    save_bundle,
)
from showtell.config import BeamConfig
from showtell.files import sha256_hex, to_json
from showtell.images import Preprocessing
from showtell.vocabulary import END_ID, SPECIAL_TOKENS, START_ID

WORDS = ("a", "dog", "runs")
NUM_TOKENS = len(SPECIAL_TOKENS) + len(WORDS)
WIDTH = 3  # D: the mean colour of a picture
SIZE = 4  # pixels
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64

MANIFEST_OF_IT = Manifest(
    name="small",
    version="1",
    architecture="merge",
    encoder=EncoderInfo(name="colour", features="pooled", weights_sha256="0" * 64),
    preprocessing=Preprocessing(size=SIZE, mean=(0.0,) * 3, std=(255.0,) * 3),
    decoding=BeamConfig(beam_size=2, max_length=5),
)


def graph(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, list[Any]]],
    outputs: dict[str, tuple[int, list[Any]]],
    constants: dict[str, np.ndarray] | None = None,
) -> bytes:
    """Serialise a graph of named inputs, outputs and constants."""
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "small",
            [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in inputs.items()],
            [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in outputs.items()],
            [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    return model.SerializeToString()


def encoder(*, pooled: str = "pooled", scale: float = 1.0, concepts: float = 0.5) -> bytes:
    """Pixels to colours: the grid is the picture itself, pooled its mean.

    Args:
        pooled: what that output is called.
        scale: what both are multiplied by.
        concepts: the probability of the concepts "dog" and "red".
    """
    make = helper.make_node
    return graph(
        [
            make("Mul", ["pixels", "scale"], ["scaled"]),
            make("Reshape", ["scaled", "flat"], ["rows"]),  # (B, 3, L)
            make("Transpose", ["rows"], ["grid"], perm=[0, 2, 1]),
            make("ReduceMean", ["grid"], [pooled], axes=[1], keepdims=1),
            make("ReduceMean", ["grid"], ["mean"], axes=[1, 2], keepdims=0),  # (B,)
            make("Mul", ["mean", "nothing"], ["zeros"]),
            make("Unsqueeze", ["zeros", "last"], ["column"]),
            make("Add", ["column", "probs"], ["concepts"]),  # (B, 2)
        ],
        {"pixels": (FLOAT, ["B", 3, "H", "W"])},
        {
            "grid": (FLOAT, ["B", "L", WIDTH]),
            pooled: (FLOAT, ["B", 1, WIDTH]),
            "concepts": (FLOAT, ["B", 2]),
        },
        {
            "scale": np.array(scale, np.float32),
            "flat": np.array([0, 3, -1]),
            "last": np.array([1]),
            "nothing": np.array(0, np.float32),
            "probs": np.full((1, 2), concepts, np.float32),
        },
    )


def start(*, asks: str = "features") -> bytes:
    """Features to a state: their mean."""
    node = helper.make_node("ReduceMean", [asks], ["hidden"], axes=[1], keepdims=0)
    return graph([node], {asks: (FLOAT, ["B", "L", "D"])}, {"hidden": (FLOAT, ["B", "D"])})


def step(
    table: np.ndarray | None = None,
    *,
    gives: str = "log_probs",
    state: str = "hidden",
    width: int = 3,
) -> bytes:
    """The last token to log-probabilities: a row of a table, whatever the picture shows.

    Args:
        table: (V, V) logits of the next token after each; of "a dog runs" if not given.
        gives: what the log-probabilities are called.
        state: what the state is called.
        width: D, of the state.
    """
    make = helper.make_node
    table = sentence_table() if table is None else table
    return graph(
        [
            make("Gather", ["table", "token_ids"], ["logits"]),
            make("Identity", ["logits"], [gives]),
            make("Mul", [state, "weights"], [f"next_{state}"]),
        ],
        {"token_ids": (INT64, ["R"]), state: (FLOAT, ["R", "D"])},
        {gives: (FLOAT, ["R", "V"]), f"next_{state}": (FLOAT, ["R", "D"])},
        {"table": table.astype(np.float32), "weights": np.ones((1, width), np.float32)},
    )


def sentence_table(num_tokens: int = NUM_TOKENS) -> np.ndarray:
    """Log-probabilities (V, V) of a decoder that says "a dog runs" and ends."""
    following = {START_ID: 4, 4: 5, 5: 6, 6: END_ID}
    probs = np.full((num_tokens, num_tokens), 0.01)
    for token_id in range(num_tokens):
        likely = min(following.get(token_id, END_ID), num_tokens - 1)
        probs[token_id, likely] = 1 - 0.01 * (num_tokens - 1)
    return np.log(probs)


def small_files(**changed: bytes) -> dict[str, bytes]:
    """The files of the bundle, some of them others: `step=…`, `vocabulary=…`."""
    names = {"encoder": ENCODER, "start": START, "step": STEP, "vocabulary": VOCABULARY}
    files = {
        ENCODER: encoder(),
        START: start(),
        STEP: step(),
        VOCABULARY: "".join(f"{token}\n" for token in (*SPECIAL_TOKENS, *WORDS)).encode(),
    }
    return files | {names.get(name, f"{name}.npz"): data for name, data in changed.items()}


def save_small_bundle(
    path: Path,
    files: dict[str, bytes] | None = None,
    *,
    concepts: bytes | None = None,
    change: Callable[[dict[str, Any]], object] | None = None,
) -> Path:
    """Write it, a folder, with hashes that are right.

    Args:
        files: other ones, of `small_files`.
        concepts: the content of `concepts.txt`, if it is to have one.
        change: done to the manifest, before it is sealed.
    """
    files = files or small_files()
    if concepts is not None:
        files = files | {CONCEPTS: concepts}
    save_bundle(path, MANIFEST_OF_IT, files)
    if change:
        values = json.loads((path / MANIFEST).read_bytes())
        change(values)
        values["sha256"] = ""
        values["sha256"] = sha256_hex(to_json(values))
        (path / MANIFEST).write_bytes(to_json(values))
    return path
