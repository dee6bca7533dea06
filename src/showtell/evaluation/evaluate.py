"""`evaluate` and `compare`: from captions, or a model, to scores beside what they mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from showtell.data.reading.caption_files import to_coco_results
from showtell.errors import ConfigError, DataError
from showtell.evaluation.systems import (
    Material,
    System,
    SystemReader,
    Target,
    keep_shared,
    read_material,
)
from showtell.files import to_json, write_atomically
from showtell.metrics import (
    DEFAULT_METRICS,
    Claims,
    Difference,
    Diversity,
    Interval,
    LeaveOneOut,
    Report,
    claim_rates,
    confidence_intervals,
    constant_floor,
    diversity,
    find_metrics,
    leave_one_out,
    score,
)
from showtell.metrics import compare as compare_reports
from showtell.printable import csv_line
from showtell.progress import Stages, no_stages, stage

FEW_IMAGES = 30
MIN_RESAMPLES = 100
# What systems mark a sentence's ends or a rare word with; tutorials leave it in.
_MARKS = re.compile(r"<(?:start|end|s|/s|bos|eos|sos|pad|unk)>|\b(?:startseq|endseq)\b", re.I)

Scores = Mapping[str, float]
AnyPath = str | PathLike[str]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One system's scores, and what they are to be seen beside."""

    name: str
    captions: Mapping[str, str]  # image id -> sentence
    report: Report
    intervals: Mapping[str, Interval]  # 95 %, from bootstrap resamples of the images
    diversity: Diversity
    claims: Claims
    constant: Scores  # of one sentence for every photo; {} if not asked for
    leave_one_out: LeaveOneOut | None  # None if not asked for, or an image has one reference
    notes: tuple[str, ...]  # what a reader of the scores should know

    @property
    def scores(self) -> Scores:
        """Percent by name, such as `CIDEr`."""
        return self.report.scores

    def to_dict(self) -> dict[str, Any]:
        """Everything but the captions, ready for JSON."""
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

    def per_image_csv(self) -> str:
        """Every image's caption and scores in percent."""
        rows = [
            [image_id, *_rounded(*scores.values()), self.captions[image_id]]
            for image_id, scores in self.report.per_image.items()
        ]
        first = csv_line(["image", *self.report.scores, "caption"])
        return first + "".join(csv_line(row) for row in rows)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two systems on the same images."""

    systems: tuple[Evaluation, Evaluation]
    differences: Mapping[str, Difference]  # of the second to the first

    def to_dict(self) -> dict[str, Any]:
        """Everything but the captions, ready for JSON."""
        return {
            "systems": [evaluation.to_dict() for evaluation in self.systems],
            "differences": {
                name: {
                    "difference": round(one.second - one.first, 4),
                    "interval": _rounded(one.interval.low, one.interval.high),
                    "significant": one.significant,
                }
                for name, one in self.differences.items()
            },
        }


def evaluate(
    target: Target,
    *,
    references: AnyPath | None = None,
    data: AnyPath | None = None,
    split: str | None = None,
    metrics: Sequence[str] = DEFAULT_METRICS,
    allow_missing: bool = False,
    df: AnyPath | None = None,
    training: AnyPath | None = None,
    baselines: bool = True,
    resamples: int = 1000,
    seed: int = 0,
    per_image: AnyPath | None = None,
    out: AnyPath | None = None,
    cache_dir: AnyPath | None = None,
    progress: Stages = no_stages,
    **search: Any,
) -> Evaluation:
    """Score captions against what people wrote, as `showtell evaluate` does.

    Args:
        target: a file of captions in any of the usual formats, by its path or opened in binary
            mode; or, with `data`, a model: a bundle by path or name, or the folder of a run.
        references: a file of what people wrote, or else `data`.
        data: a dataset: pictures and references.
        split: which part of either; of `data` the split `val` if not given.
        metrics: names of `showtell.metrics.METRICS`.
        allow_missing: leave out images that have no caption.
        df: a file of captions to take CIDEr's document frequencies from.
        training: a file of captions, of which copies are counted; the train split of `data` if not
            given.
        baselines: put the scores of one sentence for all photos, and of people, beside.
        resamples, seed: of the bootstrap that gives the intervals.
        per_image: a CSV file to write each image's scores to.
        out: a file to keep the captions in, as COCO results JSON.
        cache_dir: where the features of a run are kept.
        progress: called with the name of a stage, and how much of it is done.
        search: changes of how a model searches, as `Captioner.search_config` takes them.

    Raises:
        ConfigError: the arguments do not go together.
        DataError: a file or the dataset cannot be used, or captions and references do not match.
        ImageError, BundleError, UnknownModelError, CheckpointError, MissingExtraError: of a model.
    """
    inputs = [target, references, data, df, training]
    _refuse_to_overwrite([out, per_image], inputs)
    work = _Work(
        references=references,
        data=data,
        split=split,
        metrics=metrics,
        allow_missing=allow_missing,
        df=df,
        training=training,
        baselines=baselines,
        resamples=resamples,
        seed=seed,
        progress=progress,
    )
    system = work.reader(search, cache_dir).read(target)
    if out:  # first of all: a model may have taken long to write them
        write_atomically(Path(out), to_json(to_coco_results(system.captions)))
    found = work.evaluate(system, work.score(system))
    if per_image:
        write_atomically(Path(per_image), found.per_image_csv().encode())
    return found


def compare(
    first: Target,
    second: Target,
    *,
    references: AnyPath | None = None,
    data: AnyPath | None = None,
    split: str | None = None,
    metrics: Sequence[str] = DEFAULT_METRICS,
    allow_missing: bool = False,
    df: AnyPath | None = None,
    training: AnyPath | None = None,
    baselines: bool = True,
    resamples: int = 1000,
    seed: int = 0,
    cache_dir: AnyPath | None = None,
    progress: Stages = no_stages,
    **search: Any,
) -> Comparison:
    """Score two systems on the same images, as `showtell evaluate --compare` does.

    Args:
        first, second: as the target of `evaluate`, and so are the others.
        allow_missing: score the images that both described.

    Raises:
        ConfigError, DataError, …: as `evaluate`.
    """
    work = _Work(
        references=references,
        data=data,
        split=split,
        metrics=metrics,
        allow_missing=allow_missing,
        df=df,
        training=training,
        baselines=baselines,
        resamples=resamples,
        seed=seed,
        progress=progress,
    )
    reader = work.reader(search, cache_dir)
    systems = [reader.read(target) for target in (first, second)]
    if allow_missing:
        systems = keep_shared(*systems)
    reports = [work.score(system) for system in systems]
    differences = compare_reports(*reports, resamples=resamples, seed=seed)
    one, other = (
        work.evaluate(system, report) for system, report in zip(systems, reports, strict=True)
    )
    return Comparison(systems=(one, other), differences=differences)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What one system is scored with, or each of two."""

    references: AnyPath | None
    data: AnyPath | None
    split: str | None
    metrics: Sequence[str]
    allow_missing: bool
    df: AnyPath | None
    training: AnyPath | None
    baselines: bool
    resamples: int
    seed: int
    progress: Stages

    def __post_init__(self) -> None:
        if bool(self.references) == bool(self.data):
            raise ConfigError("give either --references FILE or --data DATA")
        if self.resamples < MIN_RESAMPLES or self.seed < 0:
            raise ConfigError(
                f"resamples must be at least {MIN_RESAMPLES} and seed not negative, got "
                f"{self.resamples}, {self.seed}"
            )
        find_metrics(self.metrics)  # what is missing is told before a model writes captions

    @cached_property
    def material(self) -> Material:
        return read_material(
            _path(self.references),
            _path(self.data),
            split=self.split,
            df=_path(self.df),
            training=_path(self.training),
        )

    def reader(self, search: Mapping[str, Any], cache_dir: AnyPath | None) -> SystemReader:
        return SystemReader(
            material=self.material,
            search=search,
            cache_dir=_path(cache_dir),
            progress=self.progress,
        )

    def score(self, system: System) -> Report:
        try:
            return score(
                system.captions,
                system.references,
                self.metrics,
                corpus=self.material.corpus,
                allow_missing=self.allow_missing,
                split=self.material.split,
                decoding=system.decoding,
                progress=stage(self.progress, "scoring"),
            )
        except DataError as error:
            raise DataError(f"{system.name}: {error}") from error

    def evaluate(self, system: System, report: Report) -> Evaluation:
        """Put beside the scores what they are to be seen beside."""
        captions, corpus = system.captions, self.material.corpus
        humans = {image_id: system.references[image_id] for image_id in report.image_ids}
        # Each use of the jar starts Java anew.
        names = find_metrics(self.metrics)
        beside = [name for name in names if name != "meteor_java"] if self.baselines else []
        progress = stage(self.progress, "leave-one-out")
        return Evaluation(
            name=system.name,
            captions=captions,
            report=report,
            intervals=confidence_intervals(report, resamples=self.resamples, seed=self.seed),
            diversity=diversity(captions.values(), self.material.training),
            claims=claim_rates(captions, humans, people=self.baselines),
            constant=constant_floor(humans, beside, corpus=corpus) if beside else {},
            leave_one_out=leave_one_out(captions, humans, beside, corpus=corpus, progress=progress)
            if beside
            else None,
            notes=self._notes(system, report),
        )

    def _notes(self, system: System, report: Report) -> tuple[str, ...]:
        notes = []
        marked = [text for text in system.captions.values() if _MARKS.search(text)]
        if marked:
            notes.append(
                f"{len(marked)} captions hold marks that count as words, as in {marked[0]!r}"
            )
        if len(report.image_ids) < FEW_IMAGES:
            notes.append(f"intervals drawn from {len(report.image_ids)} images say little")
        if len(report.image_ids) == 1 and not self.material.corpus and "CIDEr" in report.scores:
            notes.append(
                "CIDEr of a single image is always 0; --df REFS gives words another weight"
            )
        return tuple(notes)


def _path(path: AnyPath | None) -> Path | None:
    return Path(path) if path else None


def _refuse_to_overwrite(outputs: Sequence[AnyPath | None], inputs: Sequence[Any]) -> None:
    taken = [Path(path).resolve() for path in inputs if isinstance(path, str | PathLike)]
    for path in outputs:
        if path and Path(path).resolve() in taken:
            raise ConfigError(f"{path} would be overwritten; give another name")
        taken += [Path(path).resolve()] if path else []


def _rounded(*values: float) -> list[float]:
    return [round(value, 4) for value in values]


def _rounded_scores(scores: Scores) -> dict[str, float]:
    return {name: round(value, 4) for name, value in scores.items()}
