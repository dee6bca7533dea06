"""Scores as a table for people."""

from collections.abc import Mapping

from showtell.cli import console
from showtell.evaluation import Comparison, Evaluation
from showtell.metrics import ClaimRate, Claims, Diversity, Interval, LeaveOneOut, Report

Scores = Mapping[str, float]


def describe(found: Evaluation | Comparison) -> list[str]:
    """Lay one system out for people, or two side by side: lines."""
    return _describe_two(found) if isinstance(found, Comparison) else _describe_one(found)


def _describe_one(found: Evaluation) -> list[str]:
    rows = [
        {
            "": name,
            "score": value,
            "95 % interval": _interval(found.intervals[name]),
            **_beside(name, found.constant, {"": found.leave_one_out}),
        }
        for name, value in found.scores.items()
    ]
    return [
        *console.table(rows),
        *_legend(found),
        "",
        *_describe_claims({"": found.claims}),
        "",
        _describe_captions(found.diversity),
        *(f"signature: {s}" for s in _signatures(found.report)),
    ]


def _describe_two(both: Comparison) -> list[str]:
    first, second = both.systems
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
        for name, found in both.differences.items()
    ]
    claims = _describe_claims({" A": first.claims, " B": second.claims})
    lines = [*console.table(rows), *_legend(first), "", *claims, ""]
    for letter, one in zip("AB", (first, second), strict=True):
        decoding = "".join(f", {key} {value}" for key, value in one.report.decoding.items())
        lines.append(f"{letter}: {one.name}{decoding}: {_describe_captions(one.diversity)}")
    measured = [first.report.measurement(name) for name in _last_names(first.report)]
    return [*lines, *(f"signature of both: {line}" for line in measured)]


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
