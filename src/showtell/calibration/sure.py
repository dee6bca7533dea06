"""Fitting how sure to be of captions, and judging each case by a fit that did not see it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showtell.calibration.fit import fit_factor, fit_logistic
from showtell.calibration.folds import FOLDS, folds_of
from showtell.calibration.odd import KINDS
from showtell.calibration.quality import Labels, auroc
from showtell.runtime.confidence import Confidence, Domain, Floats

PHOTOS = 0.8  # of the pictures that people ask about are photos, we take it


@dataclass(frozen=True, kw_only=True)
class Sure:
    """Fits confidences, and judges each case by one that was fitted without it."""

    domain: Domain
    pooled: NDArray[np.float32]  # (N, D) of the photos
    evidence: Floats  # (N, E)
    good: Labels  # (N,)
    odd: Mapping[str, tuple[NDArray[np.float32], Floats]]  # kind -> pooled (B, D), evidence (B, E)

    @property
    def everything(self) -> Labels:
        return np.ones(len(self.good), dtype=bool)

    def fit(self, chosen: Labels, kinds: Iterable[str]) -> Confidence:
        """Fit on chosen photos and some kinds of odd pictures, and round as the bundle does."""
        evidence, good = self.evidence[chosen], self.good[chosen]
        ours = self.domain.measure(self.pooled[chosen])
        others = self.domain.measure(np.concatenate([self.odd[kind][0] for kind in kinds]))
        is_photo = np.arange(len(ours) + len(others)) < len(ours)
        known = fit_logistic(np.concatenate([ours, others]), is_photo, prior=PHOTOS)
        fitted = fit_factor(evidence, good, known.probability(ours))  # no photo is quite known
        return Confidence.from_bytes(Confidence(fitted, known, self.domain).to_bytes())

    def out_of_fold(self) -> Floats:
        """Give each photo the probability that a fit on the other folds gives it."""
        return out_of_fold(self.pooled, self.evidence, lambda chosen: self.fit(chosen, KINDS))

    def judge_odd_pictures(self) -> tuple[dict[str, Floats], float]:
        """Judge each kind by a fit without it, and tell photos from it: mean AUROC over kinds."""
        of_odd, aurocs = {}, []
        for kind, (pooled, evidence) in self.odd.items():
            without = self.fit(self.everything, KINDS.keys() - {kind})
            of_odd[kind] = without.probability(evidence.tolist(), pooled)
            of_photos = without.probability(self.evidence.tolist(), self.pooled)
            aurocs.append(_auroc_of(of_photos, of_odd[kind]))
        return of_odd, float(np.mean(aurocs))


def out_of_fold(
    pooled: NDArray[np.float32], evidence: Floats, fit: Callable[[Labels], Confidence]
) -> Floats:
    """Give each photo the probability that a fit on the other folds gives it: (N,)."""
    folds = folds_of(len(pooled))
    probs = np.empty(len(folds))
    for fold in range(FOLDS):
        inside = folds == fold
        probs[inside] = fit(~inside).probability(evidence[inside].tolist(), pooled[inside])
    return probs


def _auroc_of(photos: Floats, odd: Floats) -> float:
    return auroc(np.concatenate([photos, odd]), np.arange(len(photos) + len(odd)) < len(photos))
