"""`showtell calibrate`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    check_suffix,
    complete_model,
    data_option,
    no_progress_option,
    threads_option,
)

if TYPE_CHECKING:
    from showtell.calibration.bundle import Scored

EPILOG = """\b
Examples:
  showtell calibrate merge.bundle --data flickr8k
  showtell calibrate merge.bundle --data flickr8k --figure reliability.png
  showtell calibrate base --data photos --out mine.bundle     for photos of your own kind
  showtell calibrate mine.bundle --data flickr8k --also everyday --photos pictures

\b
DATA needs two splits: the photos of train show what the model knows, the captions of val what it
is good at. The model must not have learned from val.
"""


@click.command(
    "calibrate", epilog=EPILOG, short_help="Let a model tell how sure to be of each caption."
)
@click.argument("model", shell_complete=complete_model, metavar="BUNDLE|NAME")
@data_option
@click.option(
    "--also",
    "also_dirs",
    type=PATH,
    multiple=True,
    metavar="DATA",
    help="Photos with captions of another kind, to be right about them too; may be given again. "
    "All of its splits are read, and the model must not have learned from any.",
)
@click.option(
    "--photos",
    "photos_dir",
    type=PATH,
    metavar="DIR",
    help="Pictures without captions that the model learned from too, as `train --photos` had them: "
    "it knows such photos.",
)
@click.option("--out", type=PATH, metavar="PATH", help="Write there  [default: the bundle itself]")
@click.option("--figure", type=PATH, metavar="PNG", help="Draw the reliability diagram.")
@threads_option
@no_progress_option
def command(
    model: str,
    data_dir: Path,
    also_dirs: tuple[Path, ...],
    photos_dir: Path | None,
    out: Path | None,
    figure: Path | None,
    threads: int | None,
    no_progress: bool,
) -> None:
    """Let a bundle tell how sure to be of each caption: a probability that it is good.

    A bundle that names what it sees also gets a chooser, which ranks what the search finds, and
    withdraws claims that the photo does not settle. Figures are of photos and pictures that nothing
    was fitted on.
    """
    from showtell.calibration.bundle import calibrate

    check_suffix(figure, "--figure", "PNG")
    with console.progress_bar(enabled=not no_progress) as bar:
        calibrated = calibrate(
            model,
            data=data_dir,
            also=also_dirs,
            photos=photos_dir,
            out=out,
            figure=figure,
            threads=threads,
            progress=bar.report,
        )
    console.lines(console.table([_row(one) for one in calibrated.bundle.scored]))
    console.lines(_describe(calibrated.bundle.manifest.confidence))
    console.say(f"written: {calibrated.path}{f', {figure}' if figure else ''}")


def _row(scored: "Scored") -> dict[str, float | str]:
    """Scores, and of the claims of each kind the share that nobody else makes, in percent."""
    rates = {
        f"{name.replace('_', ' ')} %": "-" if one.rate is None else 100 * one.rate
        for name, one in scored.claims.system.items()
    }
    scores = {name: scored.report.scores[name] for name in ("CIDEr", "BLEU-4")}
    return {"photos": scored.name, **scores, **rates}


def _describe(worth: Mapping[str, Any]) -> list[str]:
    rows = [{"picture": kind, **probs} for kind, probs in worth["odd_pictures"].items()]
    return [
        f"good: {worth['target']}",
        f"{worth['good']:.0%} of {worth['photos']} captions are good",
        f"expected calibration error {worth['calibration_error']:.3f}, of which chance gives "
        f"{worth['calibration_error_by_chance']:.3f}; AUROC {worth['auroc']:.2f}; photos "
        f"against other pictures {worth['auroc_of_photos_against_odd_pictures']:.3f}",
        *console.table([{k: _share(v) for k, v in row.items()} for row in rows]),
    ]


def _share(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"
