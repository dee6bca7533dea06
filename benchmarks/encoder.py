"""Milliseconds an image of the CNN: PyTorch beside ONNX Runtime, interleaved."""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from showtell.config import EncoderConfig
from showtell.exporting.onnx import export_encoder
from showtell.exporting.precision import store_float16
from showtell.models.encoders import build_encoder
from showtell.runtime.session import available_cpus, make_session

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--encoder", default="efficientnet-lite2")
parser.add_argument("--image-size", type=int, default=224)
parser.add_argument("--batch-size", type=int, default=16)
parser.add_argument("--rounds", type=int, default=15)
options = parser.parse_args()

torch.set_num_threads(available_cpus())
encoder = build_encoder(EncoderConfig(name=options.encoder, image_size=options.image_size))
graph = export_encoder(encoder)
size = (options.batch_size, 3, options.image_size, options.image_size)
pixels = np.random.default_rng(0).uniform(-1, 1, size).astype(np.float32)


def with_torch() -> np.ndarray:
    with torch.inference_mode():
        return encoder.network(torch.from_numpy(pixels))[1].numpy()


def with_onnx(data: bytes) -> Callable[[], np.ndarray]:
    session = make_session(data, name="encoder")
    return lambda: session.run(["pooled"], {"pixels": pixels})[0]


ways = {
    "PyTorch float32": with_torch,
    "ONNX Runtime float32": with_onnx(graph),
    "ONNX Runtime, stored as float16": with_onnx(store_float16(graph)),
}
times: dict[str, list[float]] = {name: [] for name in ways}
expected = with_torch()
for _ in range(options.rounds):
    for name, way in ways.items():
        started = time.perf_counter()
        found = way()
        times[name].append(1000 * (time.perf_counter() - started) / options.batch_size)
        assert np.abs(found - expected).max() < 0.1

print(f"{options.encoder}, {options.image_size} px, batch {options.batch_size}, median of rounds")
first = statistics.median(times["PyTorch float32"])
print(f"{'':<34}{'ms/image':>9}{'speed':>8}")
for name, values in times.items():
    median = statistics.median(values)
    print(f"{name:<34}{median:>9.1f}{first / median:>7.1f}x")
