"""`showtell calibrate`."""

from dataclasses import replace
from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import PATH, data_option, no_progress_option, threads_option

EPILOG = """\b
Examples:
  showtell calibrate merge.bundle --data flickr8k
  showtell calibrate merge.bundle --data flickr8k --figure reliability.png
  showtell calibrate base --data photos --out mine.bundle     for photos of your own kind

\b
DATA needs two splits: the photos of train show what the model knows, the captions of val what it
is good at. The model must not have learned from val.
"""


@click.command("calibrate", epilog=EPILOG)
@click.argument("model", metavar="BUNDLE|NAME")
@data_option
@click.option("--out", type=PATH, metavar="PATH", help="Write there  [default: the bundle itself]")
@click.option("--figure", type=PATH, metavar="PNG", help="Draw the reliability diagram.")
@threads_option
@no_progress_option
def command(
    model: str,
    data_dir: Path,
    out: Path | None,
    figure: Path | None,
    threads: int | None,
    no_progress: bool,
) -> None:
    """Let a bundle tell how sure to be of each caption: a probability that it is good.

    Figures are of photos and pictures that the probability was not fitted on.
    """
    from showtell.bundle import (
        CONFIDENCE,
        bundled_models,
        find_bundle,
        load_bundle,
        save_bundle,
    )
    from showtell.calibration.calibrate import calibrate
    from showtell.calibration.quality import draw_reliability
    from showtell.data.sources import load_dataset
    from showtell.extras import require_extra
    from showtell.files import write_atomically
    from showtell.runtime.captioner import Captioner

    path = find_bundle(model)
    if out is None and path in bundled_models().values():
        raise click.UsageError(f"{model} comes with the install; give --out to write a copy")
    if figure:
        require_extra("train", purpose="--figure")
    loaded = load_bundle(path)
    files = {name: data for name, data in loaded.files.items() if name != CONFIDENCE}
    bundle = replace(loaded, files=files)  # whatever the old one said of its captions
    dataset = load_dataset(data_dir)
    with console.progress_bar(enabled=not no_progress) as bar:
        found = calibrate(
            Captioner(bundle, threads=threads),
            dataset.require("train"),
            dataset.require("val"),
            progress=bar.stage("calibrating"),
        )
    worth = found.describe()
    out = out or path
    files[CONFIDENCE] = found.confidence.to_bytes()
    save_bundle(out, replace(bundle.manifest, confidence=worth), files)
    if figure:
        title = f"{bundle.manifest.name}: how right its confidence is"
        write_atomically(figure, draw_reliability(found.probs, found.good, title=title))
    click.echo(f"good: {worth['target']}")
    click.echo(f"{worth['good']:.0%} of {worth['photos']} captions are good")
    click.echo(
        f"expected calibration error {worth['calibration_error']:.3f}, of which chance gives "
        f"{worth['calibration_error_by_chance']:.3f}; AUROC {worth['auroc']:.2f}; "
        f"photos against other pictures {worth['auroc_of_photos_against_odd_pictures']:.3f}"
    )
    rows = [{"picture": kind, **probs} for kind, probs in worth["odd_pictures"].items()]
    click.echo(console.table([{k: _share(v) for k, v in row.items()} for row in rows]))
    console.say(f"written: {out}{f', {figure}' if figure else ''}")


def _share(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"
