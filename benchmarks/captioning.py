"""Photos a second of the model that comes with the install, and where the time goes."""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from showtell import Captioner

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--photos", type=Path, default=Path(__file__).parents[1] / "examples")
parser.add_argument("--rounds", type=int, default=7)
options = parser.parse_args()

captioner = Captioner.load()
photos = [path.read_bytes() for path in sorted(options.photos.glob("*.jpg"))]
SIZES = (1, 4, 16)
rates: dict[int, list[float]] = {size: [] for size in SIZES}
stages: dict[int, list[list[float]]] = {size: [] for size in SIZES}
for _ in range(options.rounds):
    for size in SIZES:
        batch = [photos[i % len(photos)] for i in range(size)]
        marks = [time.perf_counter()]
        pixels = np.stack([captioner.prepare(photo).pixels for photo in batch])
        marks.append(time.perf_counter())
        encoded = captioner.encode(pixels)
        marks.append(time.perf_counter())
        captioner.search(encoded)
        marks.append(time.perf_counter())
        spent = np.diff(marks)
        rates[size].append(size / float(spent.sum()))
        stages[size].append((100 * spent / spent.sum()).tolist())

print(f"{'batch':>6}{'photos/s':>10}{'ratio':>7}{'decode':>9}{'encoder':>9}{'search':>8}")
one = statistics.median(rates[1])
for size in SIZES:
    rate = statistics.median(rates[size])
    shares = [statistics.median(column) for column in zip(*stages[size], strict=True)]
    print(
        f"{size:>6}{rate:>10.1f}{rate / one:>6.1f}x"
        f"{shares[0]:>8.0f}%{shares[1]:>8.0f}%{shares[2]:>7.0f}%"
    )
