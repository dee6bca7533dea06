"""What every metric gives: numbers that may be summed over images, and the formula for scores.

A corpus score is the formula of the summed numbers, an image's score the formula of its own, and
a bootstrap resample the formula of a weighted sum: one definition serves all three.

Shapes: N images, S statistics, K scores (BLEU has four), B resamples.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from showtell.metrics.ngrams import Floats

Formula = Callable[[Floats], Floats]


@dataclass(frozen=True)
class MetricResult:
    """The scores of one metric on one set of images, as fractions of 1 (CIDEr: of 10)."""

    names: tuple[str, ...]  # (K,) as reports show them
    statistics: Floats  # (N, S)
    formula: Formula  # (…, S) -> (…, K)
    settings: Mapping[str, str] = field(default_factory=dict)  # for the signature

    @property
    def corpus(self) -> Floats:
        """Score all images together: (K,)."""
        return self.formula(self.statistics.sum(axis=0))

    @property
    def per_image(self) -> Floats:
        """Score each image alone: (N, K)."""
        return self.formula(self.statistics)

    def resampled(self, weights: Floats) -> Floats:
        """Score resamples in which image n occurs weights[b, n] times: (B, N) -> (B, K)."""
        return self.formula(weights @ self.statistics)


def mean_of(name: str, values: Floats, settings: Mapping[str, str] | None = None) -> MetricResult:
    """Make a result whose corpus score is the mean of the images' values (N,)."""
    statistics = np.column_stack([values, np.ones_like(values)])
    return MetricResult((name,), statistics, lambda s: s[..., :1] / s[..., 1:], settings or {})


def percent_by_name(results: Iterable[MetricResult]) -> dict[str, float]:
    """Corpus scores of several metrics by name, in percent."""
    return {
        name: 100 * float(value)
        for result in results
        for name, value in zip(result.names, result.corpus, strict=True)
    }
