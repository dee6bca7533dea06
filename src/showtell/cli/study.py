"""`showtell study`."""

import shlex
from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import PATH, cache_option, device_option, no_progress_option

EPILOG = """\b
Examples:
  showtell study configs/study.toml --data flickr8k
  showtell study configs/study.toml --data flickr8k --only merge --only attention --seeds 4,5
  showtell study configs/study.toml --report-only

\b
In the folder OUT lie, after every finished run anew:
  study.md     mean and sd over seeds, with what a reader must know to read them
  study.json   the same for machines, and every run with settings, scores and signatures
  study.png    CIDEr of every run
and a run folder NAME-SEED for each, as `showtell train` makes them.

A study that was interrupted goes on when the same command is given again. Finished runs are kept
in study.json: their folders may be deleted, and a study goes on elsewhere from that file alone.
"""


def _seeds(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise click.BadParameter(f"write numbers with commas, such as 1,2,3; got {text}") from error


@click.command(
    "study", epilog=EPILOG, short_help="Train several systems with several seeds each, and compare."
)
@click.argument("config", type=PATH, metavar="STUDY.toml")
@click.option(
    "--data",
    "data_dir",
    type=PATH,
    metavar="DIR",
    help="Dataset folder, as `showtell train` takes.",
)
@click.option("--out", type=PATH, metavar="OUT", help="Where to work  [default: runs/NAME]")
@click.option("--only", multiple=True, metavar="NAME", help="Train this system; may be repeated.")
@click.option(
    "--seeds", callback=_seeds, metavar="N,N,...", help="Train these, instead of the study's."
)
@click.option(
    "--report-only", is_flag=True, help="Train nothing; write the table of what is there."
)
@device_option
@cache_option
@no_progress_option
@click.pass_obj
def command(
    arguments: list[str],
    config: Path,
    data_dir: Path | None,
    out: Path | None,
    only: tuple[str, ...],
    seeds: tuple[int, ...],
    report_only: bool,
    device: str,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Train several systems with several seeds each; write a table of means and spreads."""
    from showtell.extras import require_extra
    from showtell.training.calls import check_study, study

    check_study(config, data=data_dir, only=only, seeds=seeds, report_only=report_only)
    require_extra("train", purpose="a study")
    from showtell.cli.training_events import series_events

    with series_events("the study", no_progress=no_progress) as events:
        folder = study(
            config,
            data=data_dir,
            out=out,
            only=only,
            seeds=seeds,
            report_only=report_only,
            device=device,
            cache_dir=cache_dir,
            command=shlex.join(["showtell", *arguments]),
            events=events,
        ).folder
    console.lines(folder.table.read_text(encoding="utf-8").splitlines())
    console.say(f"written: {folder.table}, {folder.json}, {folder.picture}")
