"""A study for its readers: a table for people, the same for machines, a picture.

study.json    every finished run with settings, scores and signatures, and the summary
study.md      mean and sd over seeds
study.png     CIDEr of every run
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from showtell.files import to_json, write_atomically
from showtell.metrics.bootstrap import Interval
from showtell.metrics.welch import welch_interval
from showtell.training.study.config import StudyConfig
from showtell.training.study.plot import draw_study
from showtell.training.study.results import Results, RunResult, run_name

MAIN = "CIDEr"  # what chooses the best epoch, and what systems are compared by
SCORES = (MAIN, "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L")
ENOUGH_SEEDS = 3

DECIMALS = {"words": 0, "s/epoch": 0}  # 1 for all others

LEGEND = (
    "Mean ± sample standard deviation over seeds, each run's epoch of the best CIDEr on the "
    "validation split; scores in percent. *parameters*: of the decoder. *perplexity*: exp of the "
    "loss a token, teacher-forced; only comparable where vocabularies are the same. *words*: "
    "different words in the captions of the split. *s/epoch*: training of the median epoch, on "
    "the machine that ran it."
)


@dataclass(frozen=True)
class StudyFolder:
    """The files of a study; the folders of its runs lie beside them."""

    path: Path

    @property
    def json(self) -> Path:
        return self.path / "study.json"

    @property
    def table(self) -> Path:
        return self.path / "study.md"

    @property
    def picture(self) -> Path:
        return self.path / "study.png"


@dataclass(frozen=True)
class Spread:
    """A quantity over seeds."""

    mean: float
    sd: float | None  # of the sample; None of one run

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise one value a run."""
        return cls(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True)
class Summary:
    """One system over its seeds."""

    runs: Sequence[RunResult]  # one or more
    quantities: Mapping[str, Spread]
    difference: Interval | None  # CIDEr less the first system's; None where it cannot be said

    @property
    def system(self) -> str:
        return self.runs[0].system

    @property
    def parameters(self) -> int:
        return self.runs[0].parameters

    @property
    def ciders(self) -> list[float]:
        """Of each run, in percent."""
        return [run.scores[MAIN] for run in self.runs]

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "system": self.system,
            "seeds": [run.seed for run in self.runs],
            "parameters": self.parameters,
            **{
                name: {"mean": round(of.mean, 4), "sd": of.sd and round(of.sd, 4)}
                for name, of in self.quantities.items()
            },
            f"{MAIN}_difference_95": self.difference
            and [round(self.difference.low, 4), round(self.difference.high, 4)],
        }


def summarise(study: StudyConfig, results: Results) -> list[Summary]:
    """Summarise each system that has a finished run with the settings it has now."""
    by_system = {name: results.of(study.config(name, study.seeds[0])) for name in study.systems}
    found = [runs for runs in by_system.values() if runs]
    first = [run.scores[MAIN] for run in found[0]] if found else []
    return [_summarise(runs, first if runs is not found[0] else ()) for runs in found]


def _summarise(runs: Sequence[RunResult], first: Sequence[float]) -> Summary:
    rows = [_quantities(run) for run in runs]
    spreads = {name: Spread.of([row[name] for row in rows]) for name in rows[0]}
    return Summary(runs, spreads, welch_interval(first, [run.scores[MAIN] for run in runs]))


def _quantities(run: RunResult) -> dict[str, float]:
    """What is averaged over seeds, in the order of the table's columns."""
    return {
        **{name: run.scores[name] for name in SCORES},
        "perplexity": run.perplexity,
        "words": run.distinct_words,
        "s/epoch": run.epoch_s,
    }


def write_report(out: Path, study: StudyConfig, results: Results) -> None:
    """Write the three files; the JSON first, since the others follow from it."""
    folder = StudyFolder(out)
    summaries = summarise(study, results)
    absent = [config for config in study.select() if not results.find(config)]
    missing = [run_name(config.name, config.seed) for config in absent]
    described = {
        "study": study.name,
        "systems": [summary.to_dict() for summary in summaries],
        "missing": missing,
        "runs": [run.to_dict() for run in results.runs],
    }
    write_atomically(folder.json, to_json(described))
    write_atomically(folder.table, to_markdown(study.name, summaries, missing).encode())
    ciders = {summary.system: summary.ciders for summary in summaries}
    write_atomically(folder.picture, draw_study(ciders, study.published, title=study.name))


def to_markdown(name: str, summaries: Sequence[Summary], missing: Sequence[str]) -> str:
    """Lay the table out, with what a reader must know to read it."""
    first = summaries[0].system
    header = ["system", "seeds", "parameters", *summaries[0].quantities, f"{MAIN} − {first}, 95 %"]
    rows = [header, ["---", *["---:"] * (len(header) - 1)], *map(_row, summaries)]
    notes = [LEGEND, _explain_difference(first)]
    few = [summary.system for summary in summaries if len(summary.runs) < ENOUGH_SEEDS]
    if few:
        notes.append(
            f"Fewer than {ENOUGH_SEEDS} seeds: {', '.join(few)}. The spread of 1 or 2 runs says "
            "little."
        )
    if missing:
        notes.append(f"Not finished yet, {len(missing)} runs: {', '.join(missing)}.")
    signatures = dict.fromkeys(run.signatures[MAIN] for s in summaries for run in s.runs)
    notes += [f"`{signature}`" for signature in signatures]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([f"# {name}", table, *notes]) + "\n"


def _row(summary: Summary) -> list[str]:
    difference = summary.difference
    return [
        summary.system,
        str(len(summary.runs)),
        f"{summary.parameters / 1e6:.2f} M",
        *(_format(of, DECIMALS.get(name, 1)) for name, of in summary.quantities.items()),
        f"{difference.low:+z.1f} to {difference.high:+z.1f}" if difference else "–",
    ]


def _format(spread: Spread, decimals: int) -> str:
    mean = f"{spread.mean:.{decimals}f}"
    return mean if spread.sd is None else f"{mean} ± {spread.sd:.{decimals}f}"


def _explain_difference(first: str) -> str:
    return (
        f"Last column: where the difference of the mean {MAIN} to that of {first} lies, by Welch's "
        "t interval over seeds. One that leaves out 0 would hardly come from the luck of the "
        "seeds; of several such columns, some will by chance. It says nothing of other images."
    )
