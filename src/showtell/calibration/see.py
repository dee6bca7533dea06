"""What a bundle sees and finds in pictures, kept for fitting."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.calibration.odd import draw_odd
from showtell.data.records import Record
from showtell.decoding import Hypothesis, choose
from showtell.images import PreparedImage
from showtell.runtime.captioner import Captioner
from showtell.runtime.shown import Shown

ODD_OF_A_KIND = 50
BATCH_SIZE = 16


class Seen(NamedTuple):
    """What a captioner saw in B pictures and what its search found."""

    pooled: NDArray[np.float32]  # (B, D)
    shown: list[Shown]
    hypotheses: list[list[Hypothesis]]  # ranked, but for a model that gets an opinion of its own
    tokens: list[list[list[str]]]  # the words of each


def see(captioner: Captioner, images: Iterator[PreparedImage]) -> Seen:
    """Search for captions of pictures, as the bundle says."""
    pooled: list[NDArray[np.float32]] = []
    shown: list[Shown] = []
    found: list[list[Hypothesis]] = []
    for encoded in captioner.encode_many(images, batch_size=BATCH_SIZE):
        pooled.append(encoded.pooled)
        shown += [captioner.shown(encoded, i) for i in range(len(encoded.pooled))]
        hypotheses = captioner.hypotheses(encoded)
        chosen = choose(hypotheses, captioner.bundle.manifest.decoding)
        found += hypotheses if captioner.mentions else chosen
    tokens = [captioner.words(hypotheses) for hypotheses in found]
    return Seen(np.concatenate(pooled), shown, found, tokens)


def encode(captioner: Captioner, images: Iterator[PreparedImage]) -> NDArray[np.float32]:
    """Give the pooled features of pictures alone: (B, D)."""
    return np.concatenate([e.pooled for e in captioner.encode_many(images, batch_size=BATCH_SIZE)])


def photos(captioner: Captioner, records: Iterable[Record]) -> Iterator[PreparedImage]:
    """Read the photos of records."""
    for record in records:
        yield captioner.prepare(record.image.read_bytes(), name=str(record.image))


def odd_pictures(captioner: Captioner, kind: str) -> Iterator[PreparedImage]:
    """Draw pictures that are no photos."""
    for picture in draw_odd(kind, ODD_OF_A_KIND):
        yield captioner.prepare(picture)
