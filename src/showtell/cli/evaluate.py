"""`showtell evaluate`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    cache_option,
    json_option,
    no_progress_option,
    search_options,
)

if TYPE_CHECKING:
    from showtell.cli.scores import Evaluation
    from showtell.cli.systems import System
    from showtell.data.caption_files import Entry
    from showtell.data.sources import Record

EPILOG = """\b
Examples:
  showtell evaluate captions.json --references dataset_flickr8k.json --split val
  showtell evaluate captions.jsonl --references Flickr8k.token.txt --allow-missing
  showtell evaluate merge.bundle --data flickr8k --split val --beam-size 5 --json
  showtell evaluate --compare greedy.json beam.json --references references.jsonl
  showtell evaluate runs/merge --data flickr8k --metric cider --metric meteor

\b
CAPTIONS: COCO results JSON, JSON Lines such as `showtell photos --json` writes, CSV with a first
line image,caption, or image<TAB>caption; - reads them from stdin. REFS: Flickr8k's token file,
Karpathy's JSON, COCO captions JSON, or any of those. Recognised by content.
"""


@click.command("evaluate", epilog=EPILOG)
@click.argument("target", metavar="CAPTIONS|RUN|BUNDLE|NAME", required=False)
@click.option("--compare", nargs=2, metavar="A B", help="Two of these, on the same images.")
@click.option("--references", type=PATH, metavar="REFS", help="File of what people wrote.")
@click.option("--data", type=PATH, metavar="DIR", help="Dataset folder: pictures and references.")
@click.option("--split", metavar="NAME", help="Part of REFS or DIR  [default: all of REFS, val]")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="bleu, rouge-l, cider, cider-d, meteor, meteor-java; may be repeated  "
    "[default: bleu, rouge-l, cider]",
)
@click.option("--allow-missing", is_flag=True, help="Leave out images that have no caption.")
@click.option(
    "--df", type=PATH, metavar="REFS", help="Take CIDEr's document frequencies from these captions."
)
@click.option(
    "--training",
    type=PATH,
    metavar="REFS",
    help="Count the captions that are copies of these  [default: the train split of DIR]",
)
@click.option("--resamples", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the resamples.")
@click.option("--per-image", type=PATH, metavar="CSV", help="Write each image's scores.")
@click.option("--out", type=PATH, metavar="FILE", help="Keep the captions, as COCO results JSON.")
@search_options
@json_option
@cache_option
@no_progress_option
def command(
    target: str | None,
    compare: tuple[str, str] | None,
    references: Path | None,
    data: Path | None,
    split: str | None,
    metrics: tuple[str, ...],
    allow_missing: bool,
    df: Path | None,
    training: Path | None,
    resamples: int,
    seed: int,
    per_image: Path | None,
    out: Path | None,
    beam_size: int | None,
    max_length: int | None,
    length_penalty: float | None,
    as_json: bool,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Score captions against what people wrote: those in a file, or those a model writes.

    Every score comes with its 95 % interval, beside the floor of one sentence for every photo and
    the ceiling of one person against the others.
    """
    from showtell.cli import scores
    from showtell.cli.systems import SystemReader
    from showtell.data.caption_files import to_coco_results
    from showtell.files import to_json, write_atomically
    from showtell.metrics import DEFAULT_METRICS, find_metrics
    from showtell.metrics import compare as compare_reports

    names = compare or ((target,) if target else ())
    if not names or (compare and target):
        raise click.UsageError("give one thing to score, or --compare A B; see --help")
    how = _How(
        [name.replace("-", "_") for name in metrics] or DEFAULT_METRICS,
        allow_missing,
        resamples,
        seed,
    )
    if compare and (out or per_image):
        raise click.UsageError("--out and --per-image are of one system, not of two")
    find_metrics(how.metrics)  # what is missing is told before a model writes captions
    material = _read_material(references, data, split, df, training)
    asked = {"beam_size": beam_size, "max_length": max_length, "length_penalty": length_penalty}
    with console.progress_bar(enabled=not no_progress) as bar:
        reader = SystemReader(
            references=material.references,
            records=material.records,
            search=asked,
            cache_dir=cache_dir,
            bar=bar,
        )
        systems = [reader.read(name) for name in names]
        found = [_evaluate(system, material, how, bar) for system in systems]
    if per_image:
        write_atomically(per_image, scores.per_image_csv(found[0], systems[0].captions).encode())
        console.say(f"{len(found[0].report.image_ids)} images' scores in {per_image}")
    if out:
        write_atomically(out, to_json(to_coco_results(systems[0].captions)))
        console.say(f"{len(systems[0].captions)} captions in {out}")
    if not compare:
        click.echo(_dump(found[0].to_dict()) if as_json else found[0].describe())
        return
    differences = compare_reports(found[0].report, found[1].report, resamples=resamples, seed=seed)
    if as_json:
        click.echo(_dump(scores.comparison_to_dict(found, differences)))
    else:
        click.echo(scores.describe_comparison(found[0], found[1], differences))


JAR = "meteor_java"


@dataclass(frozen=True)
class _Material:
    """What captions are scored on."""

    references: "Sequence[Entry]"
    records: "Sequence[Record]"  # pictures with their captions, where a dataset was given
    split: str | None
    corpus: Mapping[str, Sequence[str]] | None  # for CIDEr's document frequencies
    training: Sequence[str] | None  # captions that a system may have copied


@dataclass(frozen=True)
class _How:
    """How captions are scored."""

    metrics: Sequence[str]
    allow_missing: bool
    resamples: int
    seed: int


def _read_material(
    references: Path | None,
    data: Path | None,
    split: str | None,
    df: Path | None,
    training: Path | None,
) -> _Material:
    from showtell.data.pairing import all_of
    from showtell.data.references import entries_of, read_references
    from showtell.data.sources import load_dataset

    if not (references or data):
        raise click.UsageError("give --references FILE, or --data DIR")
    dataset = load_dataset(data) if data else None
    split = split or ("val" if dataset and not references else None)
    records = dataset.require(split or "val") if dataset else ()

    def read_training(path: Path) -> "list[Entry]":
        return read_references(path, "train" if path.is_dir() else None)

    seen = read_training(training) if training else None
    if dataset and not training and "train" in dataset.splits:
        seen = entries_of(dataset.splits["train"].records)
    return _Material(
        references=read_references(references, split) if references else entries_of(records),
        records=records,
        split=split,
        corpus=all_of(read_training(df)) if df else None,
        training=None if seen is None else [text for entry in seen for text in entry.texts],
    )


def _evaluate(
    system: "System", material: _Material, how: _How, bar: console.ProgressBar
) -> "Evaluation":
    from showtell.cli.scores import Evaluation
    from showtell.metrics import (
        confidence_intervals,
        constant_floor,
        diversity,
        human_ceiling,
        score,
    )

    report = score(
        system.captions,
        system.references,
        how.metrics,
        corpus=material.corpus,
        allow_missing=how.allow_missing,
        split=material.split,
        search=system.search,
        progress=bar.stage("scoring"),
    )
    beside = [name for name in how.metrics if name != JAR]  # each use of it starts Java anew
    scored = {image_id: system.references[image_id] for image_id in report.image_ids}
    return Evaluation(
        name=system.name,
        report=report,
        intervals=confidence_intervals(report, resamples=how.resamples, seed=how.seed),
        diversity=diversity(system.captions.values(), material.training),
        floor=constant_floor(
            scored,
            beside,
            corpus=material.corpus,
        ),
        ceiling=human_ceiling(
            scored, beside, corpus=material.corpus, progress=bar.stage("ceiling")
        ),
    )


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
