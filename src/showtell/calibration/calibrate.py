"""From a bundle and a dataset to the bundle's confidence, and how right that is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.calibration.fit import fit_domain, fit_logistic
from showtell.calibration.odd import KINDS, draw_odd
from showtell.calibration.quality import auroc, calibration_error
from showtell.calibration.target import Target, judge
from showtell.data.records import Record
from showtell.errors import DataError
from showtell.images import PreparedImage
from showtell.progress import Progress, no_progress
from showtell.runtime.captioner import Captioner
from showtell.runtime.confidence import Confidence, Evidence, Floats, evidence_of
from showtell.text import detokenize

ODD_OF_A_KIND = 50
FOLDS = 5
BATCH_SIZE = 16


class Seen(NamedTuple):
    """What a captioner saw and said; B pictures."""

    pooled: NDArray[np.float32]  # (B, D)
    evidence: list[Evidence]
    captions: list[str]


@dataclass(frozen=True)
class Calibration:
    """A confidence, and probabilities that were given by others fitted without the case in hand."""

    confidence: Confidence
    target: Target
    probs: Floats  # (N,) of the val photos, each from the folds without it
    good: NDArray[np.bool_]  # (N,)
    odd: Mapping[str, Floats]  # kind -> of its pictures, fitted without that kind

    def describe(self) -> dict[str, Any]:
        """Say what it is worth, for the bundle and its readers; shares from 0 to 1."""
        every_odd = np.concatenate(list(self.odd.values()))
        photos = np.arange(len(self.probs) + len(every_odd)) < len(self.probs)
        return {
            "target": self.target.describe(),
            "photos": len(self.probs),
            "good": round(float(self.good.mean()), 4),
            "calibration_error": round(calibration_error(self.probs, self.good), 4),
            "auroc": round(auroc(self.probs, self.good), 4),
            "auroc_of_photos_against_odd_pictures": round(
                auroc(np.concatenate([self.probs, every_odd]), photos), 4
            ),
            "odd_pictures": {
                kind: {
                    "median": round(float(np.median(probs)), 4),
                    "highest_of_20": round(float(np.quantile(probs, 0.95)), 4),
                }
                for kind, probs in self.odd.items()
            },
        }


def calibrate(
    captioner: Captioner,
    train: Sequence[Record],
    val: Sequence[Record],
    *,
    progress: Progress = no_progress,
) -> Calibration:
    """Fit how sure to be of a bundle's captions, with the search that the bundle asks for.

    Args:
        train: photos whose features show what the model knows; their captions give CIDEr-D its
            document frequencies.
        val: photos that the model did not learn from.
        progress: pictures seen.

    Raises:
        DataError: val is too small, or all its captions are good or none.
        ImageError: a picture cannot be decoded.
    """
    total = len(train) + len(val) + len(KINDS) * ODD_OF_A_KIND
    done = iter(range(1, total + 1))

    def counted(images: Iterable[PreparedImage]) -> Iterator[PreparedImage]:
        for image in images:
            yield image
            progress(next(done), total)

    domain = fit_domain(_encode(captioner, counted(_photos(captioner, train))))
    photos = _see(captioner, counted(_photos(captioner, val)))
    odd = {kind: _see(captioner, counted(_odd(captioner, kind))) for kind in KINDS}
    target, good = judge(photos.captions, val, train)
    if len(val) < 2 * FOLDS or good.all() or not good.any():
        raise DataError(
            f"{len(val)} photos, {good.sum()} with good captions: too few to calibrate on"
        )

    def fit(chosen: NDArray[np.bool_], kinds: Iterable[str]) -> Confidence:
        ours = domain.distances(photos.pooled[chosen])
        others = domain.distances(np.concatenate([odd[kind].pooled for kind in kinds]))
        is_photo = np.arange(len(ours) + len(others)) < len(ours)
        return Confidence(
            good=fit_logistic(np.array(photos.evidence)[chosen], good[chosen]),
            known=fit_logistic(np.concatenate([ours, others]), is_photo),
            domain=domain,
        )

    everything = np.ones(len(val), dtype=bool)
    return Calibration(
        confidence=fit(everything, KINDS),
        target=target,
        probs=_out_of_fold(photos, fit),
        good=good,
        odd={
            kind: fit(everything, KINDS.keys() - {kind}).probability(seen.evidence, seen.pooled)
            for kind, seen in odd.items()
        },
    )


def _out_of_fold(
    photos: Seen, fit: Callable[[NDArray[np.bool_], Iterable[str]], Confidence]
) -> Floats:
    """Give each photo the probability that a fit on the other folds gives it."""
    folds = np.random.default_rng(0).permutation(len(photos.captions)) % FOLDS
    probs = np.empty(len(folds))
    for fold in range(FOLDS):
        inside = folds == fold
        evidence = [e for e, taken in zip(photos.evidence, inside, strict=True) if taken]
        probs[inside] = fit(~inside, KINDS).probability(evidence, photos.pooled[inside])
    return probs


def _photos(captioner: Captioner, records: Iterable[Record]) -> Iterator[PreparedImage]:
    for record in records:
        yield captioner.prepare(record.image.read_bytes(), name=str(record.image))


def _odd(captioner: Captioner, kind: str) -> Iterator[PreparedImage]:
    for picture in draw_odd(kind, ODD_OF_A_KIND):
        yield captioner.prepare(picture)


def _encode(captioner: Captioner, images: Iterator[PreparedImage]) -> NDArray[np.float32]:
    return np.concatenate([e.pooled for e in captioner.encode_many(images, batch_size=BATCH_SIZE)])


def _see(captioner: Captioner, images: Iterator[PreparedImage]) -> Seen:
    pooled, found = [], []
    for encoded in captioner.encode_many(images, batch_size=BATCH_SIZE):
        pooled.append(encoded.pooled)
        found.append(captioner.search(encoded.features))
    hypotheses = list(chain.from_iterable(found))
    words = [captioner.bundle.vocabulary.decode(h[0].token_ids) for h in hypotheses]
    return Seen(
        np.concatenate(pooled), [evidence_of(h) for h in hypotheses], [detokenize(w) for w in words]
    )
