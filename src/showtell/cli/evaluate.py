"""`showtell evaluate`."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    cache_option,
    data_option,
    json_option,
    no_progress_option,
    override,
    search_options,
)
from showtell.config import BeamConfig

if TYPE_CHECKING:
    from showtell.data.sources import Record
    from showtell.metrics import Report

EPILOG = """\b
Examples:
  showtell evaluate runs/merge --data flickr8k --split val
  showtell evaluate merge.bundle --data flickr8k --beam-size 5 --json
"""


@click.command("evaluate", epilog=EPILOG)
@click.argument("model", metavar="RUN|BUNDLE|NAME")
@data_option
@click.option("--split", default="val", show_default=True)
@search_options
@click.option("--out", type=PATH, metavar="FILE", help="Keep the captions, as COCO results JSON.")
@json_option
@cache_option
@no_progress_option
def command(
    model: str,
    data_dir: Path,
    split: str,
    beam_size: int | None,
    max_length: int | None,
    length_penalty: float | None,
    out: Path | None,
    as_json: bool,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Caption a split of a dataset and score the captions against what people wrote.

    A training run is scored in PyTorch from cached features; a bundle on ONNX Runtime, from the
    picture files to the sentences.
    """
    from showtell.data.sources import load_dataset
    from showtell.files import to_json, write_atomically
    from showtell.metrics import to_coco_results

    records = load_dataset(data_dir).require(split)

    def chosen(own: BeamConfig) -> BeamConfig:
        return override(
            own, beam_size=beam_size, max_length=max_length, length_penalty=length_penalty
        )

    with console.progress_bar(enabled=not no_progress) as bar:
        if (Path(model) / "config.json").exists():
            report, captions = _score_run(Path(model), records, chosen, bar, cache_dir)
        else:
            report, captions = _score_bundle(model, records, chosen, bar)
    if out:
        write_atomically(out, to_json(to_coco_results(captions)))
        console.say(f"{len(captions)} captions in {out}")
    click.echo(json.dumps(report.to_dict(), indent=2) if as_json else describe(report))


def _score_run(
    path: Path,
    records: "Sequence[Record]",
    chosen: Callable[[BeamConfig], BeamConfig],
    bar: console.ProgressBar,
    cache_dir: Path | None,
) -> "tuple[Report, dict[str, str]]":
    from showtell.extras import require_extra

    require_extra("train", purpose="scoring a training run")
    from showtell.training.evaluate import evaluate_run
    from showtell.training.run import load_run

    run = load_run(path)
    return evaluate_run(
        run,
        records,
        chosen(run.config.decoding),
        cache_dir=cache_dir,
        features_progress=bar.stage("features"),
        progress=bar.stage("captioning"),
    )


def _score_bundle(
    model: str,
    records: "Sequence[Record]",
    chosen: Callable[[BeamConfig], BeamConfig],
    bar: console.ProgressBar,
) -> "tuple[Report, dict[str, str]]":
    from showtell.runtime.captioner import Captioner
    from showtell.runtime.evaluate import evaluate_bundle

    captioner = Captioner.load(model)
    config = chosen(captioner.bundle.manifest.decoding)
    return evaluate_bundle(captioner, records, config, progress=bar.stage("captioning"))


def describe(report: "Report") -> str:
    """A report for people: the scores in one line, what they mean in another."""
    names = "  ".join(f"{name:>7}" for name in report.scores)
    values = "  ".join(f"{value:>7.1f}" for value in report.scores.values())
    return f"{names}\n{values}\nsignature: {report.signature('SCORE')}"
