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
    from showtell.calibration.calibrate import Part
    from showtell.data.records import Dataset

EPILOG = """\b
Examples:
  showtell calibrate merge.bundle --data flickr8k
  showtell calibrate merge.bundle --data flickr8k --figure reliability.png
  showtell calibrate base --data photos --out mine.bundle     for photos of your own kind
  showtell calibrate mine.bundle --data flickr8k --also everyday

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
@click.option("--out", type=PATH, metavar="PATH", help="Write there  [default: the bundle itself]")
@click.option("--figure", type=PATH, metavar="PNG", help="Draw the reliability diagram.")
@threads_option
@no_progress_option
def command(
    model: str,
    data_dir: Path,
    also_dirs: tuple[Path, ...],
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
    from showtell.bundle import bundled_models, find_bundle, load_bundle, save_bundle
    from showtell.calibration.bundle import calibrate_bundle
    from showtell.calibration.quality import draw_reliability
    from showtell.data.sources import load_dataset
    from showtell.extras import require_extra
    from showtell.files import write_atomically

    check_suffix(figure, "--figure", "PNG")
    path = find_bundle(model)
    if out is None and path in bundled_models().values():
        raise click.UsageError(f"{model} comes with the install; give --out to write a copy")
    if figure:
        require_extra("train", purpose="--figure")
    bundle = load_bundle(path)
    dataset = load_dataset(data_dir)
    train, val = (dataset.require(split) for split in ("train", "val"))
    also = [_all_of(load_dataset(path)) for path in also_dirs]
    with console.progress_bar(enabled=not no_progress) as bar:
        stage = bar.stage("calibrating")
        calibrated = calibrate_bundle(
            bundle, train, val, also=also, threads=threads, progress=stage
        )
    out = out or path
    save_bundle(out, calibrated.manifest, calibrated.files)
    if figure:
        of_val = calibrated.found.parts[0]
        title = f"{bundle.manifest.name}: how right its confidence is"
        write_atomically(figure, draw_reliability(of_val.probs, of_val.good, title=title))
    console.lines(console.table([_row(one) for one in calibrated.scored]))
    console.lines(_describe(calibrated.manifest.confidence))
    console.say(f"written: {out}{f', {figure}' if figure else ''}")


def _all_of(dataset: "Dataset") -> "Part":
    from showtell.calibration.calibrate import Part

    records = [record for split in dataset.splits for record in dataset.require(split)]
    return Part(dataset.root.resolve().name, records)


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
