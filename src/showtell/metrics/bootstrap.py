"""How sure a score is: bootstrap over images, for one system and for the difference of two.

Koehn 2004 ("Statistical significance tests for machine translation evaluation"): draw as many
images with replacement as there are, score them, do it again; the middle 95 % of the scores are
an interval. It tells how much hangs on these images, not on the seed that a system was trained
with. Two systems are scored on the same draws, so what makes an image hard for both cancels out.
CIDEr's word weights stay those of the whole set in every resample.

Shapes: N images, B resamples.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from showtell.errors import ConfigError, DataError
from showtell.metrics.ngrams import Floats
from showtell.metrics.report import Report

RESAMPLES = 1000
MIN_RESAMPLES = 100  # of fewer, the outer 2.5 % are too few to say anything
LEVEL = 0.95
_NOTHING = 1e-6  # percent; COCO's guards against zero leave about that much
_AT_ONCE = 50  # resamples drawn together: bounds the memory by that many numbers an image


@dataclass(frozen=True)
class Interval:
    """Where a score, or a difference of two, lies in the middle `LEVEL` of the resamples."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """One score of two systems on the same images, in percent."""

    first: float
    second: float
    interval: Interval  # of second - first

    @property
    def significant(self) -> bool:
        """Whether the interval of the difference leaves out 0, and what is 0 but for rounding."""
        return self.interval.low > _NOTHING or self.interval.high < -_NOTHING


def confidence_intervals(
    report: Report, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval]:
    """Give the 95 % interval of every score, in percent.

    Raises:
        ConfigError: `resamples` is below 100, or `seed` is negative.
    """
    return {name: _interval(v) for name, v in _resample(report, resamples, seed).items()}


def compare(
    first: Report, second: Report, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Difference]:
    """Compare two systems on the same images, by each score.

    Raises:
        ConfigError: `resamples` is below 100, or `seed` is negative.
        DataError: they were not measured alike; the message shows both signatures.
    """
    _check_comparable(first, second)
    ours, theirs = (_resample(report, resamples, seed) for report in (first, second))
    return {
        name: Difference(value, second.scores[name], _interval(theirs[name] - ours[name]))
        for name, value in first.scores.items()
    }


def _check_comparable(first: Report, second: Report) -> None:
    for name in {**first.scores, **second.scores}:
        signatures = [r.measurement(name) if name in r.scores else "none" for r in (first, second)]
        if len(set(signatures)) > 1:
            raise DataError(
                f"{name} of the two cannot be compared, their signatures differ: "
                f"{signatures[0]} and {signatures[1]}"
            )
    if first.image_ids != second.image_ids:
        raise DataError("the two cannot be compared: they call the images by different names")


def _resample(report: Report, resamples: int, seed: int) -> dict[str, Floats]:
    """Score resamples of the images: name -> (B,) in percent."""
    if seed < 0:
        raise ConfigError(f"seed must not be negative, got {seed}")
    if resamples < MIN_RESAMPLES:
        raise ConfigError(f"resamples must be at least {MIN_RESAMPLES}, got {resamples}")
    blocks = [
        np.hstack([100 * result.resampled(weights) for result in report.results])
        for weights in _draw(len(report.image_ids), resamples, seed)
    ]
    return dict(zip(report.scores, np.vstack(blocks).T, strict=True))


def _draw(num_images: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Draw resamples, some at a time: how often each image is in each, (≤ _AT_ONCE, N)."""
    random = np.random.default_rng(seed)
    for start in range(0, resamples, _AT_ONCE):
        rows = min(_AT_ONCE, resamples - start)
        drawn = random.integers(num_images, size=(rows, num_images))
        cells = drawn + num_images * np.arange(rows)[:, None]
        counts = np.bincount(cells.ravel(), minlength=rows * num_images)
        yield counts.reshape(rows, num_images).astype(np.float64)


def _interval(values: Floats) -> Interval:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))
