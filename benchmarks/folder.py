"""Photos a second over a folder of 12-megapixel JPEGs, beside what its parts reach alone.

The parts are measured in the same run, on the same cores: the encoder over pixels that are ready,
encoder and search, and reading and decoding. All are medians over rounds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from showtell import Captioner
from showtell.batch.ahead import in_order
from showtell.batch.find import find_photos
from showtell.batch.job import Job
from showtell.batch.journal import Journal
from showtell.batch.run import run_job
from showtell.runtime.records import Maker
from showtell.runtime.session import available_cpus

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model")
parser.add_argument("--photos", type=int, default=64)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--greedy", action="store_true", help="beam 1 instead of the model's search")
options = parser.parse_args()

captioner = Captioner.load(options.model)
decoding = captioner.bundle.manifest.decoding
if options.greedy:
    decoding = type(decoding)(beam_size=1)
THREADS = available_cpus()


def make_photos(folder: Path) -> None:
    """Enlarge the example photos to 4000 × 3000 with a camera's grain: about 3 MB each."""
    examples = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))
    for number in range(options.photos):
        source = Image.open(examples[number % len(examples)]).convert("RGB")
        large = np.asarray(source.resize((4000, 3000), Image.Resampling.BICUBIC), np.int16)
        grain = np.random.default_rng(number).normal(0, 4, (3000, 4000, 1)).astype(np.int16)
        picture = Image.fromarray((large + grain).clip(0, 255).astype(np.uint8))
        picture.save(folder / f"{number:04}.jpg", quality=88)


def whole(folder: Path) -> int:
    job = Job(decoding=decoding, threads=THREADS)
    journal = Journal(None, job.settings(Maker.of(captioner, decoding)))
    with closing(journal):
        return sum(1 for _ in run_job(captioner, find_photos([folder]), job, journal))


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    make_photos(folder)
    paths = sorted(folder.iterdir())
    megabytes = sum(path.stat().st_size for path in paths) / len(paths) / 1e6
    ready = [captioner.prepare(path) for path in paths[:16]]
    pixels = np.stack([image.pixels for image in ready])
    batches = range(0, len(paths), 16)
    works: dict[str, Callable[[], object]] = {
        "encoder alone": lambda: [captioner.encode(pixels) for _ in batches],
        "encoder and search": lambda: [
            list(captioner.caption_many(ready, decoding)) for _ in batches
        ],
        "reading and decoding": lambda: list(
            in_order(captioner.prepare, paths, threads=THREADS, ahead=32)
        ),
        "the folder": lambda: whole(folder),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(options.rounds):
        for name, work in works.items():
            times[name].append(seconds_of(work))

count = 16 * len(batches)
print(f"{captioner.bundle.manifest.name}, beam {decoding.beam_size}, {THREADS} cores")
print(f"{len(paths)} JPEGs of 4000 × 3000, {megabytes:.1f} MB each; batches of 16")
rates = {
    name: (len(paths) if name in ("the folder", "reading and decoding") else count)
    / statistics.median(taken)
    for name, taken in times.items()
}
cost = 1 / rates["encoder and search"] + 1 / rates["reading and decoding"]
for name, rate in rates.items():
    share = rate / rates["encoder alone"]
    print(f"{name:22}{rate:8.1f} photos/s{share:7.0%} of the encoder alone")
whole_share = rates["the folder"] * cost
print(f"the folder reaches {whole_share:.0%} of its parts one after the other")
