"""From a bundle and a dataset to the bundle's opinion and confidence, and how right these are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from showtell.calibration.fit import fit_domain
from showtell.calibration.folds import FOLDS
from showtell.calibration.odd import KINDS
from showtell.calibration.opinion import FittedOpinion, Photo, fit_opinion
from showtell.calibration.quality import Labels, auroc, calibration_error, chance_error
from showtell.calibration.see import ODD_OF_A_KIND, Seen, encode, odd_pictures, photos, see
from showtell.calibration.sure import Sure
from showtell.calibration.target import Target, judge
from showtell.claims import sentence
from showtell.data.records import Record
from showtell.decoding import Hypothesis
from showtell.errors import DataError
from showtell.images import PreparedImage
from showtell.metrics.cider import CiderD
from showtell.progress import Progress, no_progress
from showtell.runtime.captioner import Captioner
from showtell.runtime.chooser import evidence_with
from showtell.runtime.confidence import Confidence, Domain, Floats, evidence_of
from showtell.runtime.opinion import Opinion
from showtell.text import tokenize

MIN_PHOTOS = 2 * FOLDS  # hundreds are better


class Part(NamedTuple):
    """Photos with captions to be right about, and what to call them."""

    name: str
    records: Sequence[Record]


class Judged(NamedTuple):
    """What is said of the photos of a part, each by fits that did not see it."""

    name: str
    captions: dict[str, str]  # image id -> sentence
    references: dict[str, tuple[str, ...]]
    probs: Floats  # (N,)
    good: Labels  # (N,)

    def describe(self) -> dict[str, Any]:
        """Say what the probabilities are worth; shares from 0 to 1."""
        apart = self.good.any() and not self.good.all()
        return {
            "photos": len(self.probs),
            "good": round(float(self.good.mean()), 4),
            "calibration_error": round(calibration_error(self.probs, self.good), 4),
            "calibration_error_by_chance": round(chance_error(self.probs), 4),
            "auroc": round(auroc(self.probs, self.good), 4) if apart else None,
        }


@dataclass(frozen=True)
class Calibration:
    """What was fitted, and what others said that were fitted without the case in hand."""

    confidence: Confidence
    opinion: Opinion | None  # of a model that names what it sees
    target: Target
    parts: tuple[Judged, ...]  # val first
    odd: Mapping[str, Floats]  # kind -> of its pictures, fitted without that kind
    odd_auroc: float  # of photos against a kind, both by the fit without it; mean over kinds

    def describe(self) -> dict[str, Any]:
        """Say what the confidence is worth, for the bundle and its readers."""
        val, *also = self.parts
        others = [{"data": part.name, **part.describe()} for part in also]
        return {
            "target": self.target.describe(),
            **val.describe(),
            **({"also": others} if others else {}),
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
    also: Sequence[Part] = (),
    learned_from: Sequence[Record] = (),
    progress: Progress = no_progress,
) -> Calibration:
    """Fit how sure to be of a bundle's captions, with the search that the bundle asks for.

    Of a model that names what it sees, first a second opinion is fitted, which chooses among the
    hypotheses of that search and withdraws doubtful claims.

    Args:
        captioner: of a bundle that has neither chooser nor confidence yet.
        train: photos whose features show what the model knows; their captions give CIDEr-D its
            document frequencies.
        val: photos that the model did not learn from.
        also: more of them, of other datasets, to be right about these too.
        learned_from: photos that the model learned from beside train; their captions are not read.
        progress: pictures seen.

    Raises:
        DataError: val is too small, all its captions are good or none, or another dataset is
            empty.
        ImageError: a picture cannot be decoded.
    """
    parts = (Part("val", val), *also)
    _check_sizes(parts)
    records = [record for part in parts for record in part.records]
    domain, ours, odd = _look(captioner, [*train, *learned_from], records, progress)
    fitted = _second_opinion(captioner, ours, records, train)
    opinion = fitted.opinion if fitted else None
    said = fitted.said if fitted else [tokens[0] for tokens in ours.tokens]
    neutral = captioner.bundle.manifest.decoding.neutral
    captions = [sentence(words, neutral=neutral) for words in said]
    target, good = judge(captions, records, train)
    of_val = good[: len(val)]
    if of_val.all() or not of_val.any():
        raise DataError(
            f"{of_val.sum()} of {len(val)} captions are good: nothing tells good from bad"
        )
    sure = Sure(
        domain=domain,
        pooled=ours.pooled,
        evidence=_evidence(captioner, ours, fitted.ranked if fitted else ours.hypotheses),
        good=good,
        odd={
            kind: (seen.pooled, _evidence(captioner, seen, _rank(opinion, seen)))
            for kind, seen in odd.items()
        },
    )
    of_odd, odd_auroc = sure.judge_odd_pictures()
    return Calibration(
        confidence=sure.fit(sure.everything, KINDS),
        opinion=opinion,
        target=target,
        parts=tuple(_split(parts, captions, sure.out_of_fold(), good)),
        odd=of_odd,
        odd_auroc=odd_auroc,
    )


def _check_sizes(parts: Sequence[Part]) -> None:
    val, *also = parts
    if len(val.records) < MIN_PHOTOS:
        raise DataError(
            f"too few photos in val to calibrate on: {len(val.records)}, of {MIN_PHOTOS} at least"
        )
    for part in also:
        if not part.records:
            raise DataError(f"{part.name} holds no photo with captions")


def _look(
    captioner: Captioner,
    learned_from: Sequence[Record],
    records: Sequence[Record],
    progress: Progress,
) -> tuple[Domain, Seen, dict[str, Seen]]:
    """Look at all pictures: where those learned from lie, our photos, odd pictures by kind."""
    total = len(learned_from) + len(records) + len(KINDS) * ODD_OF_A_KIND
    done = iter(range(1, total + 1))

    def counted(images: Iterable[PreparedImage]) -> Iterator[PreparedImage]:
        for image in images:
            yield image
            progress(next(done), total)

    domain = fit_domain(encode(captioner, counted(photos(captioner, learned_from))))
    ours = see(captioner, counted(photos(captioner, records)))
    odd = {kind: see(captioner, counted(odd_pictures(captioner, kind))) for kind in KINDS}
    return domain, ours, odd


def _second_opinion(
    captioner: Captioner, seen: Seen, records: Sequence[Record], train: Sequence[Record]
) -> FittedOpinion | None:
    """Fit the opinion of a model that names what it sees."""
    if captioner.mentions is None:
        return None
    corpus = [[tokenize(caption) for caption in record.captions] for record in train]
    references = [[tokenize(caption) for caption in record.captions] for record in records]
    scorer = CiderD(references, corpus=corpus)
    worth = [scorer.score(tokens, [i] * len(tokens)) for i, tokens in enumerate(seen.tokens)]
    people = [record.captions for record in records]
    found = zip(seen.hypotheses, seen.tokens, seen.shown, worth, people, strict=True)
    return fit_opinion([Photo(*of_photo) for of_photo in found])


def _rank(opinion: Opinion | None, seen: Seen) -> list[list[Hypothesis]]:
    if opinion is None:
        return seen.hypotheses
    found = zip(seen.hypotheses, seen.tokens, seen.shown, strict=True)
    return [opinion.chooser(*of_picture) for of_picture in found]


def _evidence(captioner: Captioner, seen: Seen, ranked: Sequence[Sequence[Hypothesis]]) -> Floats:
    """Give what confidence reads of each picture's hypotheses, best first: (B, E)."""
    if captioner.mentions is None:
        return np.array([evidence_of(found) for found in ranked])
    return np.array(
        [
            evidence_with(found, captioner.words(found), shown)
            for found, shown in zip(ranked, seen.shown, strict=True)
        ]
    )


def _split(
    parts: Sequence[Part], captions: Sequence[str], probs: Floats, good: Labels
) -> Iterator[Judged]:
    """Give each part what is of its photos."""
    start = 0
    for name, records in parts:
        end = start + len(records)
        ids = [record.image_id for record in records]
        yield Judged(
            name,
            dict(zip(ids, captions[start:end], strict=True)),
            {record.image_id: record.captions for record in records},
            probs[start:end],
            good[start:end],
        )
        start = end
