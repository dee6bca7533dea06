"""Mutated pictures and XMP packets through our readers: no crash, no hang, no growth of memory.

    python benchmarks/fuzz.py --minutes 5

Ends with exit code 1, and the offending inputs in a folder, if anything but our own errors comes
out, a merge is not the same twice as once, or clearing what was merged loses foreign properties.
"""

import argparse
import io
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the torture folder is the corpus

from end_to_end.torture import build
from images.heic import HEIC
from metadata import dialects

from showtell.errors import ShowtellError
from showtell.images import open_rgb
from showtell.metadata.description import Writing
from showtell.metadata.embed import can_embed, clear_embedded, embed, read_embedded
from showtell.metadata.xmp import clear_xmp, merge_xmp, read_xmp

HANG_S = 20
WRITING = Writing(text="A dog.", caption="A dog.", writer="showtell base 1", confidence=0.5)


def mutate(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Flip bits, cut, repeat or splice, a few times."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        if not changed:
            break
        at = chance.randrange(len(changed))
        length = chance.randrange(1, 200)
        match chance.randrange(6):
            case 0 | 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                changed[at : at + 4] = chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f"])
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at:at] = changed[at : at + length]
            case 5:
                other = chance.choice(others)
                start = chance.randrange(max(1, len(other)))
                changed[at : at + length] = other[start : start + length]
    return bytes(changed)


def read_picture(data: bytes) -> None:
    open_rgb(data, at_least=64, max_image_mpixels=2)


def merge_packet(data: bytes) -> None:
    foreign = data.count(b"<lr:") + data.count(b"crs:") + data.count(b"darktable:")
    read_xmp(data)
    merged = merge_xmp(data, WRITING)
    assert merge_xmp(merged, WRITING) == merged, "merging twice is not merging once"
    assert read_xmp(merged).text == WRITING.text, "what was merged is not read"
    kept = merged.count(b"<lr:") + merged.count(b"crs:") + merged.count(b"darktable:")
    assert kept == foreign, "other people's properties are gone"
    cleared = clear_xmp(merged)
    assert cleared is None or read_xmp(cleared).caption is None, "our caption is still there"


def embed_in_picture(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as file:
        path = Path(file.name)
        path.write_bytes(data)
        if not can_embed(data):
            return
        pixels = pixels_of(data)
        embed(path, WRITING)
        found = read_embedded(path)
        assert found is not None, "what was embedded is not there"
        assert found.caption == WRITING.caption, "what was embedded is not read"
        if pixels is not None:
            assert pixels_of(path.read_bytes()) == pixels, "the pixels changed"
        clear_embedded(path)


def pixels_of(data: bytes) -> bytes | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.convert("RGBA").tobytes()
    except Exception:
        return None


def resident_mib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20


class HangError(BaseException):
    """No `Exception`, or our own readers would take it for a damaged file."""


def on_alarm(*_: object) -> None:
    raise HangError(f"more than {HANG_S} s")


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--minutes", type=float, default=5)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=Path("fuzz-findings"))
options = parser.parse_args()
warnings.simplefilter("ignore")
signal.signal(signal.SIGALRM, on_alarm)

with tempfile.TemporaryDirectory() as name:
    library = build(Path(name), HEIC)
    names = sorted(library.good | (set(library.bad) - {"traps/pipe.jpg"}))
    files = [path for path in (Path(name) / n for n in names) if path.is_file()]
    pictures = [data for path in files if 0 < len(data := path.read_bytes()) < 100_000]
packets = [value.encode() for value in vars(dialects).values() if isinstance(value, str)]
packets = [packet for packet in packets if b"rdf:RDF" in packet]
assert packets
packets.append(merge_xmp(None, WRITING))

works: list[tuple[str, Callable[[bytes], None], list[bytes]]] = [
    ("pictures read", read_picture, pictures),
    ("packets merged", merge_packet, packets),
    ("pictures embedded in", embed_in_picture, [p for p in pictures if can_embed(p)]),
]
chance = random.Random(options.seed)
runs: Counter[str] = Counter()
refused: Counter[str] = Counter()
slowest: dict[str, float] = {}
violations = 0
started = time.monotonic()
end = started + 60 * options.minutes
early_mib = 0
while time.monotonic() < end:
    label, work, corpus = works[sum(runs.values()) % len(works)]
    data = mutate(chance.choice(corpus), corpus, chance)
    signal.alarm(HANG_S)
    before = time.monotonic()
    try:
        work(data)
    except ShowtellError:
        refused[label] += 1
    except (Exception, HangError) as error:
        violations += 1
        options.out.mkdir(exist_ok=True)
        (options.out / f"{violations:03}").write_bytes(data)
        print(f"{label}: {type(error).__name__}: {error} ({options.out / f'{violations:03}'})")
    signal.alarm(0)
    runs[label] += 1
    slowest[label] = max(slowest.get(label, 0.0), time.monotonic() - before)
    if not early_mib and time.monotonic() - started > 20 * options.minutes:
        early_mib = resident_mib()

print(f"{'':24}{'runs':>10}{'refused':>9}{'slowest':>10}")
for label, count in runs.items():
    print(f"{label:24}{count:>10}{refused[label] / count:>9.0%}{slowest[label]:>8.2f} s")
print(f"memory: {early_mib} MiB after a third of the time, {resident_mib()} MiB at the end")
print(f"violations: {violations}")
sys.exit(violations > 0)
