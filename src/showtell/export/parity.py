"""Does the exported model say what the PyTorch model says?"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from showtell.config import BeamConfig
from showtell.decoding import search
from showtell.models.decoders import Decoder
from showtell.models.encoders import Encoder
from showtell.models.stepper import TorchStepper
from showtell.runtime.session import make_session
from showtell.runtime.stepper import OnnxStepper
from showtell.vocabulary import START_ID

PROBE_STEPS = 8


@dataclass(frozen=True)
class Parity:
    """How far an exported decoder is from its original."""

    max_log_prob_error: float  # nats, over all tokens of the first steps
    same_captions: float  # share of probes, 0 to 1


def measure_encoder_parity(encoder: Encoder, graph: bytes, *, seed: int = 0) -> float:
    """Compare an exported encoder's grid with the encoder's own, on noise of every brightness.

    Returns:
        The largest difference, as a share of the largest feature; NaN if a feature is.
    """
    given = encoder.preprocessing
    noise = np.random.default_rng(seed).uniform(0, 255, (4, given.size, given.size, 3))
    pixels = ((noise - given.mean) / given.std).transpose(0, 3, 1, 2).astype(np.float32)
    found, expected = _run_grid(graph, pixels), _grid_of(encoder, pixels)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def compare_grids(graph: bytes, other: bytes, pixels: NDArray[np.float32]) -> float:
    """Compare another encoder's grid with one's own: the difference's length, as a share of it."""
    expected = _run_grid(graph, pixels)
    return float(np.linalg.norm(_run_grid(other, pixels) - expected) / np.linalg.norm(expected))


def _grid_of(encoder: Encoder, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    if isinstance(encoder.body, bytes):
        return _run_grid(encoder.body, pixels)
    with torch.inference_mode():
        return encoder.body(torch.from_numpy(pixels))[0].numpy()


def _run_grid(graph: bytes, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return make_session(graph, name="encoder").run(["grid"], {"pixels": pixels})[0]


def measure_parity(
    decoder: Decoder,
    start: bytes,
    step: bytes,
    *,
    feature_shape: tuple[int, int],
    config: BeamConfig,
    num_probes: int = 32,
    seed: int = 0,
) -> Parity:
    """Compare log-probabilities and captions on random features, step by step.

    The probes are non-negative, as the output of a ReLU is.
    """
    random = np.random.default_rng(seed)
    features = random.gamma(0.3, 1.0, (num_probes, *feature_shape)).astype(np.float32)
    sessions = make_session(start, name="start"), make_session(step, name="step")

    def steppers() -> tuple[TorchStepper, OnnxStepper]:
        return TorchStepper(decoder, torch.from_numpy(features)), OnnxStepper(*sessions, features)

    torch_stepper, onnx_stepper = steppers()
    token_ids = np.full(num_probes, START_ID, dtype=np.int64)
    error = 0.0
    for _ in range(PROBE_STEPS):
        expected, found = torch_stepper.step(token_ids), onnx_stepper.step(token_ids)
        error = float(np.maximum(error, np.abs(expected - found).max()))  # keeps NaN
        token_ids = random.integers(4, expected.shape[1], num_probes)
    expected_captions, found_captions = (
        [hypotheses[0].token_ids for hypotheses in search(stepper, config)]
        for stepper in steppers()
    )
    same = np.mean([a == b for a, b in zip(expected_captions, found_captions, strict=True)])
    return Parity(error, float(same))
