"""Fitting a bundle's second opinion: what ranks its hypotheses, and which claims to withdraw.

Everything that is reported is out of fold: of each photo, what an opinion says that was fitted
without it. Only the three thresholds are chosen with all photos in view, by probabilities that are
out of fold themselves. The decoder must not have learned from the photos.

Shapes: N photos, K hypotheses of one photo, F numbers of each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.calibration.fit import fit_logistic
from showtell.calibration.folds import FOLDS, folds_of
from showtell.claims import find_claims, without_new_repeats
from showtell.decoding import Hypothesis
from showtell.metrics.claims import is_supported
from showtell.runtime.chooser import Chooser, measure
from showtell.runtime.confidence import Logistic
from showtell.runtime.doubts import KINDS, NUM_EVIDENCE, Doubt, Doubts, Votes, evidence_for
from showtell.runtime.opinion import Opinion
from showtell.runtime.shown import Floats, Shown

RIDGE = 30.0  # pulls the weights of standardised numbers to 0
# Of the claims that are left, this share may be refuted; people's own rates are far lower for
# genders, and about as high for colours.
MOST_WRONG = {"gender": 0.07, "count": 0.2, "colour": 0.3}
THRESHOLDS = np.linspace(0, 0.98, 50)
NEVER = 1.01  # a threshold that no claim reaches
FEWEST = 10  # claims of a kind that are left, or too few to tell how many are wrong

Labels = NDArray[np.bool_]


class Photo(NamedTuple):
    """A photo, and what a search found for it."""

    hypotheses: list[Hypothesis]
    tokens: list[list[str]]  # the words of each
    shown: Shown
    worth: Floats  # (K,) the CIDEr-D of each against the references
    references: Sequence[str]


@dataclass(frozen=True)
class FittedOpinion:
    """An opinion, and what others of its kind say of photos that they were not fitted on."""

    opinion: Opinion
    ranked: list[list[Hypothesis]]  # of each photo
    said: list[list[str]]  # the words of each photo's caption, doubtful claims withdrawn


class _Case(NamedTuple):
    """A claim of a photo's caption."""

    photo: int
    evidence: list[float]
    holds: bool


class _Ranked(NamedTuple):
    """What a chooser made of a photo that it was not fitted on."""

    hypotheses: list[Hypothesis]  # best first
    captions: list[list[str]]  # the words of each
    votes: Votes

    def say(self, doubts: Doubts, shown: Shown) -> list[str]:
        """Say the best caption without its doubtful claims."""
        less = [doubts.settle(words, self.votes, shown) for words in self.captions]
        return less[without_new_repeats(self.captions, less)[0]]


def fit_opinion(photos: Sequence[Photo]) -> FittedOpinion:
    """Fit the chooser, then, on the captions that it chooses out of fold, the doubts."""
    fold = folds_of(len(photos))
    measured = [measure(photo.hypotheses, photo.tokens, photo.shown) for photo in photos]
    choosers = [_fit_chooser(photos, measured, fold != out) for out in range(FOLDS)]
    ranked = [_rank(choosers[fold[i]], photo) for i, photo in enumerate(photos)]
    cases: dict[str, list[_Case]] = {kind: list(_cases(kind, photos, ranked)) for kind in KINDS}
    thresholds = {kind: _threshold(kind, cases[kind], fold) for kind in KINDS}
    without = [_fit_doubts(cases, thresholds, fold != out) for out in range(FOLDS)]
    said = [
        one.say(without[fold[i]], photo.shown)
        for i, (photo, one) in enumerate(zip(photos, ranked, strict=True))
    ]
    everything = np.ones(len(photos), dtype=bool)
    opinion = Opinion(
        _fit_chooser(photos, measured, everything), _fit_doubts(cases, thresholds, everything)
    )
    return FittedOpinion(opinion, [one.hypotheses for one in ranked], said)


def _fit_chooser(photos: Sequence[Photo], measured: Sequence[Floats], chosen: Labels) -> Chooser:
    """Fit the score to what captions are worth beside the others of their photo, by ridge."""
    inside = np.flatnonzero(chosen).tolist()
    values = np.concatenate([measured[i] - measured[i].mean(axis=0) for i in inside])
    worth = np.concatenate([photos[i].worth - photos[i].worth.mean() for i in inside])
    scale = values.std(axis=0) + 1e-9
    inputs = values / scale
    curvature = inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1])
    return Chooser(np.linalg.solve(curvature, inputs.T @ worth) / scale)


def _rank(chooser: Chooser, photo: Photo) -> _Ranked:
    hypotheses = chooser(photo.hypotheses, photo.tokens, photo.shown)
    words = {h.token_ids: w for h, w in zip(photo.hypotheses, photo.tokens, strict=True)}
    tokens = [words[hypothesis.token_ids] for hypothesis in hypotheses]
    return _Ranked(hypotheses, tokens, Votes(hypotheses, tokens))


def _cases(kind: str, photos: Sequence[Photo], ranked: Sequence[_Ranked]) -> Iterator[_Case]:
    for i, (photo, one) in enumerate(zip(photos, ranked, strict=True)):
        for claim in find_claims(one.captions[0]):
            if claim.kind == kind:
                evidence = evidence_for(claim, one.votes, photo.shown)
                yield _Case(i, evidence, is_supported(claim, photo.references))


def _fit_doubts(
    cases: Mapping[str, Sequence[_Case]], thresholds: Mapping[str, float], chosen: Labels
) -> Doubts:
    return Doubts(
        {kind: Doubt(_fit_holds(kind, cases[kind], chosen), thresholds[kind]) for kind in KINDS}
    )


def _fit_holds(kind: str, cases: Sequence[_Case], chosen: Labels) -> Logistic:
    inside = [case for case in cases if chosen[case.photo]]
    holds = np.array([case.holds for case in inside], dtype=bool)
    if not holds.any() or holds.all():  # nothing tells right from wrong
        return Logistic(np.zeros(NUM_EVIDENCE[kind]), 0.0)
    return fit_logistic(np.array([case.evidence for case in inside]), holds)


def _threshold(kind: str, cases: Sequence[_Case], fold: NDArray[np.int64]) -> float:
    """Find the lowest threshold that leaves no more wrong claims than allowed, out of fold."""
    fits = [_fit_holds(kind, cases, fold != out) for out in range(FOLDS)]
    probs = np.array([fits[fold[c.photo]].probability(np.array([c.evidence]))[0] for c in cases])
    wrong = np.array([not case.holds for case in cases], dtype=bool)
    for threshold in THRESHOLDS:
        left = probs >= threshold
        if left.sum() >= FEWEST and wrong[left].mean() <= MOST_WRONG[kind]:
            return float(threshold)
    return NEVER
