"""A set of captions scored: values in percent, and the signature that says what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from showtell import __version__
from showtell.metrics.result import MetricResult, percent_by_name
from showtell.metrics.signature import signature_line

_VERSION = {"version": f"showtell-{__version__}"}


@dataclass(frozen=True, eq=False)
class Report:
    """Scores of one system on one set of images, in percent (CIDEr × 100)."""

    image_ids: tuple[str, ...]  # (N,)
    results: tuple[MetricResult, ...]
    conditions: Mapping[str, str]  # what was scored, how, on what: must agree to be compared
    decoding: Mapping[str, str]  # how the captions were found: belongs to the system

    @cached_property
    def scores(self) -> dict[str, float]:
        """Corpus scores by name, such as `BLEU-4`."""
        return percent_by_name(self.results)

    @cached_property
    def per_image(self) -> dict[str, dict[str, float]]:
        """Image id -> name -> value."""
        columns = {
            name: (100 * values).tolist()
            for result in self.results
            for name, values in zip(result.names, result.per_image.T, strict=True)
        }
        return {
            image_id: {name: values[row] for name, values in columns.items()}
            for row, image_id in enumerate(self.image_ids)
        }

    def signature(self, name: str) -> str:
        """Say what a score means, in one line: sacrebleu's manner (Post 2018)."""
        return signature_line(name.lower(), {**self._measured(name), **self.decoding, **_VERSION})

    def measurement(self, name: str) -> str:
        """Give the signature without the decoding settings: equal where scores are comparable."""
        return signature_line(name.lower(), {**self._measured(name), **_VERSION})

    def to_dict(self) -> dict[str, Any]:
        """Scores with their signatures, ready for JSON; per-image values are left out."""
        return {
            "scores": {name: round(value, 4) for name, value in self.scores.items()},
            "signatures": {name: self.signature(name) for name in self.scores},
        }

    def _measured(self, name: str) -> dict[str, str]:
        (own,) = (result.settings for result in self.results if name in result.names)
        return {**self.conditions, **own}
