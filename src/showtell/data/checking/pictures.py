"""A look at every picture of a dataset: which cannot be read, and which are there twice.

Two files of the same bytes are the same picture. Near-duplicates, such as a copy that was scaled or
saved anew, are found by a difference hash: the picture as 9 × 8 greys, and for each of the 64 pairs
of neighbours which of them is brighter. Hashes of few differing bits make candidates; a flat or
plain picture has many, so the greys themselves must be near as well.

Shapes: N pictures.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from showtell.data.records import Record
from showtell.errors import ShowtellError
from showtell.files import sha256_hex
from showtell.images import open_rgb
from showtell.progress import Progress, no_progress

GREY_SIZE = (9, 8)  # width, height
DECODED = 64  # pixels that a side keeps; a JPEG's data are all read, but not all its pixels made
MAX_BITS = 6  # of 64 that differ; no two different photos of Flickr8k differ in less than 5
MAX_GREY = 12.0  # mean difference of 0..255; those that differ in 5 or 6 bits: 16 and more
MAX_PAIRS = 10_000  # more are not listed: then pictures are alike by nature, as diagrams are
_COMPARED = 4_000_000  # hashes held against each other at once, 32 MB


@dataclass(frozen=True)
class Alike:
    """Pictures that are the same, or nearly."""

    images: tuple[str, ...]
    splits: tuple[str, ...]  # of each of them

    @property
    def leaks(self) -> bool:
        """Whether one is in another split: what is trained on is then scored on."""
        return len(set(self.splits)) > 1


@dataclass(frozen=True, kw_only=True)
class PictureCheck:
    """What became of looking at every picture."""

    checked: int
    unreadable: dict[str, str]  # image id -> why
    identical: tuple[Alike, ...]  # groups of files of the same bytes
    near: tuple[Alike, ...]  # pairs of others


@dataclass(frozen=True)
class _Look:
    record: Record
    sha256: str
    grey: NDArray[np.uint8]  # (8, 9)


def check_pictures(records: Sequence[Record], *, progress: Progress = no_progress) -> PictureCheck:
    """Decode every picture and compare each with all others."""
    looks: list[_Look] = []
    unreadable: dict[str, str] = {}
    pool = ThreadPoolExecutor()
    try:
        for number, (record, found) in enumerate(
            zip(records, pool.map(_look, records), strict=True), start=1
        ):
            if isinstance(found, _Look):
                looks.append(found)
            else:
                unreadable[record.image_id] = found
            progress(number, len(records))
    finally:
        pool.shutdown(cancel_futures=True)  # who presses Ctrl-C does not wait for the rest
    groups: dict[str, list[_Look]] = {}
    for look in looks:
        groups.setdefault(look.sha256, []).append(look)
    firsts = [group[0] for group in groups.values()]
    greys = np.array([look.grey for look in firsts], dtype=np.uint8).reshape(-1, *GREY_SIZE[::-1])
    return PictureCheck(
        checked=len(records),
        unreadable=unreadable,
        identical=tuple(_alike(group) for group in groups.values() if len(group) > 1),
        near=tuple(_alike([firsts[a], firsts[b]]) for a, b in near_duplicates(greys)),
    )


def near_duplicates(greys: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Find the pairs of small grey pictures (N, 8, 9) that show nearly the same, at most 10,000."""
    values = greys.astype(np.int16)
    bits = (values[:, :, 1:] > values[:, :, :-1]).reshape(len(greys), 64)
    hashes = np.packbits(bits, axis=1).view(np.uint64).ravel()  # (N,)
    pairs: list[tuple[int, int]] = []
    rows = max(1, _COMPARED // max(1, len(hashes)))
    for start in range(0, len(hashes), rows):
        block = hashes[start : start + rows, None] ^ hashes[None, start:]
        first, second = np.nonzero(np.triu(np.bitwise_count(block) <= MAX_BITS, k=1))
        first, second = first[:MAX_PAIRS] + start, second[:MAX_PAIRS] + start
        apart = np.abs(values[first] - values[second]).mean(axis=(1, 2))
        near = apart <= MAX_GREY
        pairs += zip(first[near].tolist(), second[near].tolist(), strict=True)
        if len(pairs) >= MAX_PAIRS:
            break
    return pairs[:MAX_PAIRS]


def _look(record: Record) -> _Look | str:
    """Read and decode a picture, or say why that is not possible."""
    try:
        data = record.image.read_bytes()
        rgb = open_rgb(data, at_least=DECODED, name=str(record.image)).rgb
    except ShowtellError as error:
        return str(error)
    grey = rgb.convert("L").resize(GREY_SIZE, Image.Resampling.BOX)
    return _Look(record, sha256_hex(data), np.asarray(grey))


def _alike(looks: Sequence[_Look]) -> Alike:
    return Alike(
        tuple(look.record.image_id for look in looks), tuple(look.record.split for look in looks)
    )
