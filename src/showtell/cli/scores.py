"""Scores as a table for people, as JSON for machines, as CSV for a closer look."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from showtell.cli import console
from showtell.metrics import Difference, Diversity, Interval, Report


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One system's scores, and what they are to be seen beside."""

    name: str
    report: Report
    intervals: Mapping[str, Interval]
    diversity: Diversity
    floor: Mapping[str, float]
    ceiling: Mapping[str, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "system": self.name,
            **self.report.to_dict(),
            "intervals": {n: _rounded(i.low, i.high) for n, i in self.intervals.items()},
            "constant_caption": {n: round(v, 4) for n, v in self.floor.items()},
            "one_human": self.ceiling and {n: round(v, 4) for n, v in self.ceiling.items()},
            "captions": asdict(self.diversity),
        }

    def beside(self, name: str) -> dict[str, float | str]:
        """Give the floor and the ceiling of a score, where they are known."""
        return {
            "one sentence for all": self.floor.get(name, "-"),
            "one human": (self.ceiling or {}).get(name, "-"),
        }

    def describe(self) -> str:
        """Lay it out for people."""
        rows = [
            {
                "": name,
                "score": value,
                "95 % interval": _interval(self.intervals[name]),
                **self.beside(name),
            }
            for name, value in self.report.scores.items()
        ]
        return "\n".join(
            [console.table(rows), "", _captions(self.diversity), *_signatures(self.report)]
        )


def describe_comparison(
    first: Evaluation, second: Evaluation, differences: Mapping[str, Difference]
) -> str:
    """Lay two systems out side by side."""
    rows = [
        {
            "": name,
            "A": found.first,
            "B": found.second,
            "B - A": found.second - found.first,
            "95 % interval": _interval(found.interval),
            " ": "" if found.significant else "may be chance",
            **first.beside(name),
        }
        for name, found in differences.items()
    ]
    return "\n".join(
        [
            console.table(rows),
            "",
            f"A: {first.name}: {_captions(first.diversity)}",
            f"B: {second.name}: {_captions(second.diversity)}",
            *_signatures(first.report),
        ]
    )


def comparison_to_dict(
    evaluations: Sequence[Evaluation], differences: Mapping[str, Difference]
) -> dict[str, Any]:
    """Two systems and their differences, ready for JSON."""
    return {
        "systems": [evaluation.to_dict() for evaluation in evaluations],
        "differences": {
            name: {
                "difference": round(found.second - found.first, 4),
                "interval": _rounded(found.interval.low, found.interval.high),
                "significant": found.significant,
            }
            for name, found in differences.items()
        },
    }


def per_image_csv(found: Evaluation, captions: Mapping[str, str]) -> str:
    """Every image's caption and scores in percent."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["image", *found.report.scores, "caption"])
    for image_id, scores in found.report.per_image.items():
        table.writerow([image_id, *(round(v, 4) for v in scores.values()), captions[image_id]])
    return out.getvalue()


def _signatures(report: Report) -> list[str]:
    """Give the signature of every metric; BLEU's four differ only in the number."""
    names = [result.names[-1] for result in report.results]
    return [f"signature: {report.signature(name)}" for name in names]


def _captions(found: Diversity) -> str:
    copied = (
        "" if found.copied is None else f", {100 * found.copied:.1f} % of them copies from training"
    )
    return (
        f"{found.captions} captions, {found.distinct} distinct{copied}; {found.vocabulary} words "
        f"used, {found.mean_length:.1f} a caption"
    )


def _interval(interval: Interval) -> str:
    return f"{interval.low:.1f} to {interval.high:.1f}"


def _rounded(*values: float) -> list[float]:
    return [round(value, 4) for value in values]
