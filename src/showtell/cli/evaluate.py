"""`showtell evaluate`."""

import sys
from pathlib import Path
from typing import Any

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
from showtell.printable import json_text

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
    from showtell import evaluation
    from showtell.cli import score_table
    from showtell.metrics import DEFAULT_METRICS

    first, *second = (_opened(name) for name in _names_of(target, compare))
    if compare and (out or per_image):
        raise click.UsageError("--out and --per-image are of one system, not of two")
    check_suffix(out, "--out", "JSON")
    check_suffix(per_image, "--per-image", "CSV")
    drawn = {"resamples": resamples, "seed": seed}
    with console.progress_bar(enabled=not no_progress) as bar:
        shared: dict[str, Any] = {
            "references": references,
            "data": data,
            "split": split,
            "metrics": metrics or DEFAULT_METRICS,
            "allow_missing": allow_missing,
            "df": df,
            "training": training,
            "baselines": baselines,
            "cache_dir": cache_dir,
            "progress": bar.report,
            **drawn,
            **search_asked,
        }
        found = (
            evaluation.compare(first, *second, **shared)
            if second
            else evaluation.evaluate(first, out=out, per_image=per_image, **shared)
        )
    systems = found.systems if isinstance(found, evaluation.Comparison) else (found,)
    for note in (note for one in systems for note in one.notes):
        console.say(note)
    if as_json:
        content = {**found.to_dict(), "bootstrap": drawn}
        write_utf8(json_text(content, indent=2) + "\n")
    else:
        console.lines(score_table.describe(found))
    for path, what in ((per_image, "scores by image"), (out, "captions")):
        if path:
            console.say(f"{len(systems[0].captions)} {what} in {path}")


def _names_of(target: str | None, compare: tuple[str, str] | None) -> tuple[str, ...]:
    if (target is None) == (compare is None):
        raise click.UsageError("give one thing to score, or --compare A B; see --help")
    return compare or (target or "",)


def _opened(name: str) -> Any:
    return sys.stdin.buffer if name == "-" else name
