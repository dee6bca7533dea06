"""`showtell evaluate`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    SectionedCommand,
    cache_option,
    check_suffix,
    complete_model,
    json_option,
    no_progress_option,
    search_options,
)
from showtell.cli.streams import write_utf8
from showtell.errors import DataError
from showtell.printable import json_text

if TYPE_CHECKING:
    from showtell.cli.score_table import Evaluation
    from showtell.cli.systems import Material, System
    from showtell.metrics import Report

FEW_IMAGES = 30
# What systems mark a sentence's ends or a rare word with; tutorials leave it in.
_MARKS = re.compile(r"<(?:start|end|s|/s|bos|eos|sos|pad|unk)>|\b(?:startseq|endseq)\b", re.I)

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


@click.command(
    "evaluate",
    cls=SectionedCommand,
    epilog=EPILOG,
    short_help="Score captions against what people wrote.",
)
@click.argument(
    "target", shell_complete=complete_model, metavar="CAPTIONS|RUN|BUNDLE|NAME", required=False
)
@click.option(
    "--compare",
    nargs=2,
    shell_complete=complete_model,
    metavar="A B",
    help="Two of these, on the same images.",
)
@click.option("--references", type=PATH, metavar="REFS", help="File of what people wrote.")
@click.option("--data", type=PATH, metavar="DATA", help="Dataset: pictures and references.")
@click.option("--split", metavar="NAME", help="Part of REFS or DATA  [default: all of REFS, val]")
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
    help="Count the captions that are copies of these  [default: the train split of DATA]",
)
@click.option(
    "--baselines/--no-baselines",
    default=True,
    help="Beside the scores, those of one sentence for all photos and of people  [default: yes]",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=100),
    default=1000,
    show_default=True,
    metavar="N",
    help="How often images are drawn anew for the intervals.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Random seed of the resamples.",
)
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
    baselines: bool,
    resamples: int,
    seed: int,
    per_image: Path | None,
    out: Path | None,
    search_asked: dict[str, Any],
    as_json: bool,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Score captions against what people wrote: those in a file, or those a model writes.

    Every score comes with its 95 % interval, beside that of one sentence for every photo and,
    with one reference left out, beside a person's.
    """
    from showtell.cli import score_table
    from showtell.cli.systems import SystemReader, read_material
    from showtell.data.reading.caption_files import to_coco_results
    from showtell.files import to_json, write_atomically
    from showtell.metrics import DEFAULT_METRICS, find_metrics
    from showtell.metrics import compare as compare_reports

    names = _names_of(target, compare)
    if bool(references) == bool(data):
        raise click.UsageError("give either --references FILE or --data DATA")
    if compare and (out or per_image):
        raise click.UsageError("--out and --per-image are of one system, not of two")
    _refuse_to_overwrite([out, per_image], [*map(Path, names), references, data, df, training])
    check_suffix(out, "--out", "JSON")
    check_suffix(per_image, "--per-image", "CSV")
    # What is missing is told before a model writes captions.
    chosen = list(find_metrics(metrics or DEFAULT_METRICS))
    material = read_material(references, data, split=split, df=df, training=training)
    drawn = {"resamples": resamples, "seed": seed}
    with console.progress_bar(enabled=not no_progress) as bar:
        reader = SystemReader(material=material, asked=search_asked, cache_dir=cache_dir, bar=bar)
        systems = [reader.read(name) for name in names]
        if out:  # first of all: a model may have taken long to write them
            write_atomically(out, to_json(to_coco_results(systems[0].captions)))
        if compare and allow_missing:
            systems = _keep_shared(*systems)
        reports = [_score(one, material, chosen, allow_missing, bar) for one in systems]
        differences = compare_reports(reports[0], reports[1], **drawn) if compare else {}
        found = [
            _evaluate(system, report, material, chosen, drawn, baselines, bar)
            for system, report in zip(systems, reports, strict=True)
        ]
    if as_json:
        content = score_table.to_dict(found, differences)
        write_utf8(json_text({**content, "bootstrap": drawn}, indent=2) + "\n")
    else:
        console.lines(score_table.describe(found, differences))
    if per_image:
        write_atomically(
            per_image, score_table.per_image_csv(reports[0], systems[0].captions).encode()
        )
    for path, what in ((per_image, "scores by image"), (out, "captions")):
        if path:
            console.say(f"{len(systems[0].captions)} {what} in {path}")


def _names_of(target: str | None, compare: tuple[str, str] | None) -> tuple[str, ...]:
    if (target is None) == (compare is None):
        raise click.UsageError("give one thing to score, or --compare A B; see --help")
    return compare or (target or "",)


def _refuse_to_overwrite(outputs: Sequence[Path | None], inputs: Sequence[Path | None]) -> None:
    taken = [path.resolve() for path in inputs if path]
    for path in outputs:
        if path and path.resolve() in taken:
            raise click.UsageError(f"{path} would be overwritten; give another name")
        taken += [path.resolve()] if path else []


def _keep_shared(first: "System", second: "System") -> "list[System]":
    """Keep the captions of images that both described, and those that `score` refuses."""
    shared = first.captions.keys() & second.captions.keys()
    if not shared:
        raise DataError(f"{first.name} and {second.name} describe no image in common")
    return [
        replace(
            one,
            captions={
                image_id: text
                for image_id, text in one.captions.items()
                if image_id in shared or image_id not in one.references
            },
        )
        for one in (first, second)
    ]


def _score(
    system: "System",
    material: "Material",
    metrics: Sequence[str],
    allow_missing: bool,
    bar: console.ProgressBar,
) -> "Report":
    from showtell.metrics import score

    try:
        report = score(
            system.captions,
            system.references,
            metrics,
            corpus=material.corpus,
            allow_missing=allow_missing,
            split=material.split,
            decoding=system.decoding,
            progress=bar.stage("scoring"),
        )
    except DataError as error:
        raise DataError(f"{system.name}: {error}") from error
    marked = [text for text in system.captions.values() if _MARKS.search(text)]
    if marked:
        console.say(f"{len(marked)} captions hold marks that count as words, as in {marked[0]!r}")
    if len(report.image_ids) < FEW_IMAGES:
        console.say(f"intervals drawn from {len(report.image_ids)} images say little")
    if len(report.image_ids) == 1 and not material.corpus and "CIDEr" in report.scores:
        console.say("CIDEr of a single image is always 0; --df REFS gives words another weight")
    return report


def _evaluate(
    system: "System",
    report: "Report",
    material: "Material",
    metrics: Sequence[str],
    drawn: Mapping[str, int],
    baselines: bool,
    bar: console.ProgressBar,
) -> "Evaluation":
    """Put beside the scores what they are to be seen beside."""
    from showtell.cli.score_table import Evaluation
    from showtell.metrics import (
        claim_rates,
        confidence_intervals,
        constant_floor,
        diversity,
        leave_one_out,
    )

    captions, corpus = system.captions, material.corpus
    humans = {image_id: system.references[image_id] for image_id in report.image_ids}
    # Each use of the jar starts Java anew.
    beside = [name for name in metrics if name != "meteor_java"] if baselines else []
    progress = bar.stage("leave-one-out")
    return Evaluation(
        name=system.name,
        report=report,
        intervals=confidence_intervals(report, **drawn),
        diversity=diversity(captions.values(), material.training),
        claims=claim_rates(captions, humans, people=baselines),
        constant=constant_floor(humans, beside, corpus=corpus) if beside else {},
        leave_one_out=leave_one_out(captions, humans, beside, corpus=corpus, progress=progress)
        if beside
        else None,
    )
