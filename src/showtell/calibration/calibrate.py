"""From a bundle and a dataset to the bundle's confidence, and how right that is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.calibration.fit import fit_domain, fit_logistic, shift_to_mean
from showtell.calibration.odd import KINDS, draw_odd
from showtell.calibration.opinion import FittedOpinion, Photo, fit_opinion
from showtell.calibration.quality import Labels, auroc, calibration_error, chance_error
from showtell.calibration.target import Target, judge
from showtell.concepts.mentions import Mentions
from showtell.data.records import Record
from showtell.decoding import Hypothesis, choose
from showtell.errors import DataError
from showtell.images import PreparedImage
from showtell.metrics.cider import CiderD
from showtell.progress import Progress, no_progress
from showtell.runtime.captioner import Captioner
from showtell.runtime.chooser import measure
from showtell.runtime.confidence import Confidence, Domain, Floats, evidence_of
from showtell.runtime.opinion import Opinion
from showtell.runtime.shown import Shown
from showtell.text import detokenize, tokenize

ODD_OF_A_KIND = 50
PHOTOS = 0.8  # of the pictures that people ask about are photos, we take it
FOLDS = 5
MIN_PHOTOS = 2 * FOLDS  # hundreds are better
BATCH_SIZE = 16


class Seen(NamedTuple):
    """What a captioner saw and said; B pictures."""

    pooled: NDArray[np.float32]  # (B, D)
    concepts: list[NDArray[np.float32] | None]  # (C,) of each
    hypotheses: list[list[Hypothesis]]


@dataclass(frozen=True)
class Calibration:
    """A confidence, and probabilities that were given by others fitted without the case in hand."""

    confidence: Confidence
    opinion: Opinion | None  # of a model that names what it sees
    target: Target
    probs: Floats  # (N,) of the photos, each from the folds without it
    good: Labels  # (N,)
    captions: list[str]  # of the photos, likewise
    sizes: list[int]  # photos of val, then of each other dataset
    odd: Mapping[str, Floats]  # kind -> of its pictures, fitted without that kind
    odd_auroc: float  # of photos against a kind, both by the fit without it; mean over kinds

    def groups(self) -> list[slice]:
        """Where the photos of val lie, and those of each other dataset."""
        ends = np.cumsum([0, *self.sizes])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    def describe(self) -> dict[str, Any]:
        """Say what it is worth, for the bundle and its readers; shares from 0 to 1."""
        val, *also = (self._worth(group) for group in self.groups())
        return {
            "target": self.target.describe(),
            **val,
            **({"also": also} if also else {}),
            "auroc_of_photos_against_odd_pictures": round(self.odd_auroc, 4),
            "odd_pictures": {
                kind: {
                    "median": round(float(np.median(probs)), 4),
                    "percentile_95": round(float(np.quantile(probs, 0.95)), 4),
                }
                for kind, probs in self.odd.items()
            },
        }

    def _worth(self, group: slice) -> dict[str, Any]:
        probs, good = self.probs[group], self.good[group]
        return {
            "photos": len(probs),
            "good": round(float(good.mean()), 4),
            "calibration_error": round(calibration_error(probs, good), 4),
            "calibration_error_by_chance": round(chance_error(probs), 4),
            "auroc": round(auroc(probs, good), 4),
        }


def calibrate(
    captioner: Captioner,
    train: Sequence[Record],
    val: Sequence[Record],
    *,
    also: Sequence[Sequence[Record]] = (),
    progress: Progress = no_progress,
) -> Calibration:
    """Fit how sure to be of a bundle's captions, with the search that the bundle asks for.

    Of a model that names what it sees, first a second opinion is fitted, which chooses among the
    hypotheses of that search and withdraws doubtful claims.

    Args:
        train: photos whose features show what the model knows; their captions give CIDEr-D its
            document frequencies.
        val: photos that the model did not learn from.
        also: more of them, of other datasets, to be right about these too.
        progress: pictures seen.

    Raises:
        DataError: val is too small, or all its captions are good or none.
        ImageError: a picture cannot be decoded.
    """
    if len(val) < MIN_PHOTOS:
        raise DataError(
            f"too few photos in val to calibrate on: {len(val)}, of {MIN_PHOTOS} at least"
        )
    records = list(chain(val, *also))
    total = len(train) + len(records) + len(KINDS) * ODD_OF_A_KIND
    done = iter(range(1, total + 1))

    def counted(images: Iterable[PreparedImage]) -> Iterator[PreparedImage]:
        for image in images:
            yield image
            progress(next(done), total)

    domain = fit_domain(_encode(captioner, counted(_photos(captioner, train))))
    photos = _see(captioner, counted(_photos(captioner, records)))
    odd = {kind: _see(captioner, counted(_odd(captioner, kind))) for kind in KINDS}
    fitted = _second_opinion(captioner, photos, records, train)
    ranked = fitted.ranked if fitted else photos.hypotheses
    said = fitted.said if fitted else [_words(captioner, found[0]) for found in ranked]
    captions = [detokenize(words) for words in said]
    target, good = judge(captions, records, train)
    if good.all() or not good.any():
        raise DataError(
            f"{good.sum()} of {len(records)} captions are good: nothing tells good from bad"
        )
    opinion = fitted.opinion if fitted else None
    evidence = _evidence(captioner, ranked, photos, with_opinion=fitted is not None)
    of_odd_pictures = {
        kind: _evidence(
            captioner,
            _rank(captioner, opinion, seen),
            seen,
            with_opinion=fitted is not None,
        )
        for kind, seen in odd.items()
    }

    def fit(chosen: Labels, kinds: Iterable[str]) -> Confidence:
        pooled = [odd[kind].pooled for kind in kinds]
        return _fit(domain, photos.pooled, evidence, good, chosen, pooled)

    everything = np.ones(len(records), dtype=bool)
    without = {kind: fit(everything, KINDS.keys() - {kind}) for kind in KINDS}
    of_odd = {
        kind: c.probability(of_odd_pictures[kind].tolist(), odd[kind].pooled)
        for kind, c in without.items()
    }
    of_photos = {
        kind: c.probability(evidence.tolist(), photos.pooled) for kind, c in without.items()
    }
    return Calibration(
        confidence=fit(everything, KINDS),
        opinion=opinion,
        target=target,
        probs=_out_of_fold(photos.pooled, evidence, fit),
        good=good,
        captions=captions,
        sizes=[len(val), *map(len, also)],
        odd=of_odd,
        odd_auroc=float(np.mean([_auroc_of(of_photos[kind], of_odd[kind]) for kind in KINDS])),
    )


def _second_opinion(
    captioner: Captioner, seen: Seen, records: Sequence[Record], train: Sequence[Record]
) -> FittedOpinion | None:
    """Fit the opinion of a model that names what it sees."""
    if captioner.mentions is None:
        return None
    corpus = [[tokenize(caption) for caption in record.captions] for record in train]
    references = [[tokenize(caption) for caption in record.captions] for record in records]
    scorer = CiderD(references, corpus=corpus)
    photos = []
    for i, (found, probs, record) in enumerate(
        zip(seen.hypotheses, seen.concepts, records, strict=True)
    ):
        assert probs is not None
        tokens = [_words(captioner, hypothesis) for hypothesis in found]
        worth = scorer.score(tokens, [i] * len(tokens))
        shown = Shown(captioner.mentions, probs)
        photos.append(Photo(found, tokens, shown, worth, record.captions))
    return fit_opinion(photos)


def _rank(captioner: Captioner, opinion: Opinion | None, seen: Seen) -> list[list[Hypothesis]]:
    if opinion is None or captioner.mentions is None:
        return seen.hypotheses
    return [
        opinion.chooser(
            found, [_words(captioner, one) for one in found], _shown(captioner.mentions, probs)
        )
        for found, probs in zip(seen.hypotheses, seen.concepts, strict=True)
    ]


def _evidence(
    captioner: Captioner, ranked: list[list[Hypothesis]], seen: Seen, *, with_opinion: bool
) -> Floats:
    """Give what confidence reads of each picture's hypotheses, best first: (B, E)."""
    rows = []
    for found, probs in zip(ranked, seen.concepts, strict=True):
        row = list(evidence_of(found))
        if with_opinion and captioner.mentions is not None:
            tokens = [_words(captioner, hypothesis) for hypothesis in found]
            row += measure(found, tokens, _shown(captioner.mentions, probs))[0].tolist()
        rows.append(row)
    return np.array(rows)


def _shown(mentions: Mentions, probs: NDArray[np.float32] | None) -> Shown:
    assert probs is not None
    return Shown(mentions, probs)


def _words(captioner: Captioner, hypothesis: Hypothesis) -> list[str]:
    return captioner.bundle.vocabulary.decode(hypothesis.token_ids)


def _fit(
    domain: Domain,
    pooled: NDArray[np.float32],
    evidence: Floats,
    good: Labels,
    chosen: Labels,
    odd: list[NDArray[np.float32]],
) -> Confidence:
    """Fit on chosen photos and some odd pictures, and round as the bundle does."""
    ours = domain.measure(pooled[chosen])
    others = domain.measure(np.concatenate(odd))
    is_photo = np.arange(len(ours) + len(others)) < len(ours)
    known = fit_logistic(np.concatenate([ours, others]), is_photo, prior=PHOTOS)
    plain = fit_logistic(evidence[chosen], good[chosen])
    # No photo is quite known: the product of both must be right on average, not one of them.
    shifted = shift_to_mean(plain, evidence[chosen], known.probability(ours), good[chosen].mean())
    return Confidence.from_bytes(Confidence(shifted, known, domain).to_bytes())


def _auroc_of(photos: Floats, odd: Floats) -> float:
    return auroc(np.concatenate([photos, odd]), np.arange(len(photos) + len(odd)) < len(photos))


def _out_of_fold(
    pooled: NDArray[np.float32],
    evidence: Floats,
    fit: Callable[[Labels, Iterable[str]], Confidence],
) -> Floats:
    """Give each photo the probability that a fit on the other folds gives it."""
    folds = np.random.default_rng(0).permutation(len(pooled)) % FOLDS
    probs = np.empty(len(folds))
    for fold in range(FOLDS):
        inside = folds == fold
        of_fold = fit(~inside, KINDS)
        probs[inside] = of_fold.probability(evidence[inside].tolist(), pooled[inside])
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
    pooled: list[NDArray[np.float32]] = []
    concepts: list[NDArray[np.float32] | None] = []
    found: list[list[Hypothesis]] = []
    config = captioner.bundle.manifest.decoding
    for encoded in captioner.encode_many(images, batch_size=BATCH_SIZE):
        pooled.append(encoded.pooled)
        concepts.extend(
            [None] * len(encoded.pooled) if encoded.concepts is None else encoded.concepts
        )
        hypotheses = captioner.hypotheses(encoded)
        found += hypotheses if captioner.mentions else choose(hypotheses, config)
    return Seen(np.concatenate(pooled), concepts, found)
