"""From a bundle and a dataset to the bundle's confidence, and how right that is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.calibration.fit import fit_domain, fit_logistic, shift_to_mean
from showtell.calibration.odd import KINDS, draw_odd
from showtell.calibration.quality import Labels, auroc, calibration_error, chance_error
from showtell.calibration.target import Target, judge
from showtell.data.records import Record
from showtell.errors import DataError
from showtell.images import PreparedImage
from showtell.progress import Progress, no_progress
from showtell.runtime.captioner import Captioner
from showtell.runtime.confidence import Confidence, Domain, Evidence, Floats, evidence_of
from showtell.text import detokenize

ODD_OF_A_KIND = 50
PHOTOS = 0.8  # of the pictures that people ask about are photos, we take it
FOLDS = 5
MIN_PHOTOS = 2 * FOLDS  # hundreds are better
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
    good: Labels  # (N,)
    odd: Mapping[str, Floats]  # kind -> of its pictures, fitted without that kind
    odd_auroc: float  # of photos against a kind, both by the fit without it; mean over kinds

    def describe(self) -> dict[str, Any]:
        """Say what it is worth, for the bundle and its readers; shares from 0 to 1."""
        return {
            "target": self.target.describe(),
            "photos": len(self.probs),
            "good": round(float(self.good.mean()), 4),
            "calibration_error": round(calibration_error(self.probs, self.good), 4),
            "calibration_error_by_chance": round(chance_error(self.probs), 4),
            "auroc": round(auroc(self.probs, self.good), 4),
            "auroc_of_photos_against_odd_pictures": round(self.odd_auroc, 4),
            "odd_pictures": {
                kind: {
                    "median": round(float(np.median(probs)), 4),
                    "percentile_95": round(float(np.quantile(probs, 0.95)), 4),
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
    if len(val) < MIN_PHOTOS:
        raise DataError(
            f"too few photos in val to calibrate on: {len(val)}, of {MIN_PHOTOS} at least"
        )
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
    if good.all() or not good.any():
        raise DataError(
            f"{good.sum()} of {len(val)} captions are good: nothing tells good from bad"
        )

    def fit(chosen: Labels, kinds: Iterable[str]) -> Confidence:
        return _fit(domain, photos, good, chosen, [odd[kind].pooled for kind in kinds])

    everything = np.ones(len(val), dtype=bool)
    without = {kind: fit(everything, KINDS.keys() - {kind}) for kind in KINDS}
    of_odd = {
        kind: c.probability(odd[kind].evidence, odd[kind].pooled) for kind, c in without.items()
    }
    of_photos = {kind: c.probability(photos.evidence, photos.pooled) for kind, c in without.items()}
    return Calibration(
        confidence=fit(everything, KINDS),
        target=target,
        probs=_out_of_fold(photos, fit),
        good=good,
        odd=of_odd,
        odd_auroc=float(np.mean([_auroc_of(of_photos[kind], of_odd[kind]) for kind in KINDS])),
    )


def _fit(
    domain: Domain, photos: Seen, good: Labels, chosen: Labels, odd: list[NDArray[np.float32]]
) -> Confidence:
    """Fit on chosen photos and some odd pictures, and round as the bundle does."""
    ours = domain.measure(photos.pooled[chosen])
    others = domain.measure(np.concatenate(odd))
    is_photo = np.arange(len(ours) + len(others)) < len(ours)
    known = fit_logistic(np.concatenate([ours, others]), is_photo, prior=PHOTOS)
    evidence = np.array(photos.evidence)[chosen]
    plain = fit_logistic(evidence, good[chosen])
    # No photo is quite known: the product of both must be right on average, not one of them.
    shifted = shift_to_mean(plain, evidence, known.probability(ours), good[chosen].mean())
    return Confidence.from_bytes(Confidence(shifted, known, domain).to_bytes())


def _auroc_of(photos: Floats, odd: Floats) -> float:
    return auroc(np.concatenate([photos, odd]), np.arange(len(photos) + len(odd)) < len(photos))


def _out_of_fold(photos: Seen, fit: Callable[[Labels, Iterable[str]], Confidence]) -> Floats:
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
        found.append(captioner.search(encoded))
    hypotheses = list(chain.from_iterable(found))
    words = [captioner.bundle.vocabulary.decode(h[0].token_ids) for h in hypotheses]
    return Seen(
        np.concatenate(pooled), [evidence_of(h) for h in hypotheses], [detokenize(w) for w in words]
    )
