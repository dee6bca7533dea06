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
    """Compare what an exported encoder gives with the encoder's own, on noise of every brightness.

    Returns:
        The largest difference, of the grid's features or of concepts, as a share of the largest of
        them; NaN if one is.
    """
    given = encoder.preprocessing
    noise = np.random.default_rng(seed).uniform(0, 255, (4, given.size, given.size, 3))
    pixels = ((noise - given.mean) / given.std).transpose(0, 3, 1, 2).astype(np.float32)
    pairs = zip(_run(graph, pixels), _outputs_of(encoder, pixels), strict=True)
    return float(np.max([np.abs(a - b).max() / np.abs(b).max() for a, b in pairs]))


def compare_encoders(graph: bytes, other: bytes, pixels: NDArray[np.float32]) -> float:
    """Compare another encoder with one's own: the difference's length, as a share of it.

    Returns:
        That of the grids or of the concepts, whichever is larger.
    """
    pairs = zip(_run(other, pixels), _run(graph, pixels), strict=True)
    return float(np.max([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in pairs]))


def _outputs_of(encoder: Encoder, pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Give the grid and, where there is a recogniser, concepts."""
    if isinstance(encoder.body, bytes):
        return _run(encoder.body, pixels)
    with torch.inference_mode():
        grid, pooled = encoder.body(torch.from_numpy(pixels))
        concepts = [encoder.recogniser(pooled)] if encoder.recogniser else []
        return [output.numpy() for output in (grid, *concepts)]


def _run(graph: bytes, pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    session = make_session(graph, name="encoder")
    found = {output.name for output in session.get_outputs()}
    names = [name for name in ("grid", "concepts") if name in found]
    return session.run(names, {"pixels": pixels})


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
    """Compare log-probabilities and captions on random features and concepts, step by step.

    The features are non-negative, as the output of a ReLU is; most concepts are unlikely.
    """
    random = np.random.default_rng(seed)
    features = random.gamma(0.3, 1.0, (num_probes, *feature_shape)).astype(np.float32)
    shape = num_probes, decoder.num_concepts
    concepts = random.beta(0.2, 2.0, shape).astype(np.float32) if decoder.num_concepts else None
    sessions = make_session(start, name="start"), make_session(step, name="step")

    def steppers() -> tuple[TorchStepper, OnnxStepper]:
        tensors = (torch.from_numpy(array) for array in (features, concepts) if array is not None)
        return (
            TorchStepper(decoder, *tensors, unseen=config.unseen),
            OnnxStepper(*sessions, features, concepts, unseen=config.unseen),
        )

    torch_stepper, onnx_stepper = steppers()
    token_ids = np.full(torch_stepper.num_rows, START_ID, dtype=np.int64)
    error = 0.0
    for _ in range(PROBE_STEPS):
        expected, found = torch_stepper.step(token_ids), onnx_stepper.step(token_ids)
        error = float(np.maximum(error, np.abs(expected - found).max()))  # keeps NaN
        token_ids = random.integers(4, expected.shape[1], len(expected))
    expected_captions, found_captions = (
        [hypotheses[0].token_ids for hypotheses in search(stepper, config)]
        for stepper in steppers()
    )
    same = np.mean([a == b for a, b in zip(expected_captions, found_captions, strict=True)])
    return Parity(error, float(same))
