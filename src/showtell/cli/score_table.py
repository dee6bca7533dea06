"""Scores as a table for people, as JSON for machines, as CSV for a closer look."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from showtell.cli import console
from showtell.metrics import ClaimRate, Claims, Difference, Diversity, Interval, LeaveOneOut, Report
from showtell.printable import csv_line

Scores = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One system's scores, and what they are to be seen beside."""

    name: str
    report: Report
    intervals: Mapping[str, Interval]
    diversity: Diversity
    claims: Claims
    constant: Scores  # of one sentence for every photo; {} if not asked for
    leave_one_out: LeaveOneOut | None  # None if not asked for, or an image has one reference

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        left = self.leave_one_out
        return {
            "system": self.name,
            **self.report.to_dict(),
            "intervals": {n: _rounded(i.low, i.high) for n, i in self.intervals.items()},
            "constant_caption": _rounded_scores(self.constant),
            "leave_one_out": left
            and {"system": _rounded_scores(left.system), "human": _rounded_scores(left.human)},
            "diversity": asdict(self.diversity),
            "claims": {
                "system": {name: one.to_dict() for name, one in self.claims.system.items()},
                "human": {name: one.to_dict() for name, one in self.claims.human.items()},
            },
        }

    def describe(self) -> list[str]:
        """Lay it out for people, in lines."""
        rows = [
            {
                "": name,
                "score": value,
                "95 % interval": _interval(self.intervals[name]),
                **_beside(name, self.constant, {"": self.leave_one_out}),
            }
            for name, value in self.report.scores.items()
        ]
        return [
            *console.table(rows),
            *_legend(self),
            "",
            *_describe_claims({"": self.claims}),
            "",
            _describe_captions(self.diversity),
            *(f"signature: {s}" for s in _signatures(self.report)),
        ]


def describe(found: Sequence[Evaluation], differences: Mapping[str, Difference]) -> list[str]:
    """Lay one system out for people, or two side by side: lines."""
    return (
        found[0].describe() if len(found) == 1 else _describe_two(found[0], found[1], differences)
    )


def to_dict(found: Sequence[Evaluation], differences: Mapping[str, Difference]) -> dict[str, Any]:
    """One system, or two and their differences, ready for JSON."""
    if len(found) == 1:
        return found[0].to_dict()
    return {
        "systems": [evaluation.to_dict() for evaluation in found],
        "differences": {
            name: {
                "difference": round(one.second - one.first, 4),
                "interval": _rounded(one.interval.low, one.interval.high),
                "significant": one.significant,
            }
            for name, one in differences.items()
        },
    }


def _describe_two(
    first: Evaluation, second: Evaluation, differences: Mapping[str, Difference]
) -> list[str]:
    left = {" A": first.leave_one_out, " B": second.leave_one_out}
    rows = [
        {
            "": name,
            "A": found.first,
            "B": found.second,
            "B - A": found.second - found.first,
            "95 % interval": _interval(found.interval),
            " ": "" if found.significant else "may be chance",
            **_beside(name, first.constant, left),
        }
        for name, found in differences.items()
    ]
    claims = _describe_claims({" A": first.claims, " B": second.claims})
    lines = [*console.table(rows), *_legend(first), "", *claims, ""]
    for letter, one in zip("AB", (first, second), strict=True):
        decoding = "".join(f", {key} {value}" for key, value in one.report.decoding.items())
        lines.append(f"{letter}: {one.name}{decoding}: {_describe_captions(one.diversity)}")
    measured = [first.report.measurement(name) for name in _last_names(first.report)]
    return [*lines, *(f"signature of both: {line}" for line in measured)]


def per_image_csv(report: Report, captions: Mapping[str, str]) -> str:
    """Every image's caption and scores in percent."""
    rows = [
        [image_id, *_rounded(*scores.values()), captions[image_id]]
        for image_id, scores in report.per_image.items()
    ]
    return csv_line(["image", *report.scores, "caption"]) + "".join(csv_line(row) for row in rows)


def _beside(
    name: str, constant: Scores, left: Mapping[str, LeaveOneOut | None]
) -> dict[str, float | str]:
    """Give the columns of the baselines, if there are any; the jar's METEOR has none."""
    if not constant:
        return {}
    human = next(iter(left.values()))
    return {
        "constant caption": constant.get(name, "-"),
        **{
            f"leave-one-out{which}": one.system.get(name, "-") if one else "-"
            for which, one in left.items()
        },
        "human": human.human.get(name, "-") if human else "-",
    }


def _legend(one: Evaluation) -> list[str]:
    if not one.constant:
        return []
    if one.leave_one_out:
        return ["leave-one-out, human: against all references of an image but one, each in turn"]
    return ["leave-one-out, human: not measured; that takes two references or more of every image"]


def _signatures(report: Report) -> list[str]:
    return [report.signature(name) for name in _last_names(report)]


def _last_names(report: Report) -> list[str]:
    """Give one score's name for each metric: BLEU's four have one signature but for the number."""
    return [result.names[-1] for result in report.results]


def _describe_captions(found: Diversity) -> str:
    copied = ""
    if found.copied is not None:
        copied = f", {100 * found.copied:.1f} % of them copies of training captions"
    return (
        f"{found.captions} captions, {found.distinct} distinct{copied}; {found.vocabulary} words "
        f"used, {found.mean_length:.1f} a caption"
    )


def _describe_claims(found: Mapping[str, Claims]) -> list[str]:
    first = next(iter(found.values()))
    rows = [
        {
            "claims": name.replace("_", " "),
            **{
                key: value
                for which, claims in found.items()
                for key, value in (
                    (f"captions{which}", claims.system[name].captions),
                    (f"{which} %".strip(), _percent(claims.system[name])),
                )
            },
            **({"people %": _percent(first.human[name])} if first.human else {}),
        }
        for name in first.system
    ]
    legend = "claims: of the captions that make one, the share whose claim stands in no reference"
    return [*console.table(rows), legend]


def _percent(found: ClaimRate) -> float | str:
    return "-" if found.rate is None else 100 * found.rate


def _interval(interval: Interval) -> str:
    return f"{interval.low:z.1f} to {interval.high:z.1f}"


def _rounded(*values: float) -> list[float]:
    return [round(value, 4) for value in values]


def _rounded_scores(scores: Scores) -> dict[str, float]:
    return {name: round(value, 4) for name, value in scores.items()}
