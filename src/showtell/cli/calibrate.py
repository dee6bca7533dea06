"""`showtell calibrate`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showtell.cli import console
from showtell.cli.options import PATH, data_option, no_progress_option, threads_option

if TYPE_CHECKING:
    from showtell.data.records import Dataset, Record

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


@click.command("calibrate", epilog=EPILOG)
@click.argument("model", metavar="BUNDLE|NAME")
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
    from showtell.bundle import (
        CHOOSER,
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
    from showtell.metrics import score
    from showtell.runtime.captioner import Captioner

    path = find_bundle(model)
    if out is None and path in bundled_models().values():
        raise click.UsageError(f"{model} comes with the install; give --out to write a copy")
    if figure:
        require_extra("train", purpose="--figure")
    loaded = load_bundle(path)
    fitted_here = (CHOOSER, CONFIDENCE)  # whatever the old ones said of its captions
    files = {name: data for name, data in loaded.files.items() if name not in fitted_here}
    decoding = replace(loaded.manifest.decoding, chooser=False, cautious=False)
    bundle = replace(loaded, files=files, manifest=replace(loaded.manifest, decoding=decoding))
    dataset = load_dataset(data_dir)
    also = [_all_of(load_dataset(path)) for path in also_dirs]
    val = dataset.require("val")
    with console.progress_bar(enabled=not no_progress) as bar:
        found = calibrate(
            Captioner(bundle, threads=threads),
            dataset.require("train"),
            val,
            also=also,
            progress=bar.stage("calibrating"),
        )
    worth = found.describe()
    out = out or path
    files[CONFIDENCE] = found.confidence.to_bytes()
    if found.opinion:
        files[CHOOSER] = found.opinion.to_bytes()
        decoding = replace(decoding, consensus=0.0, chooser=True, cautious=True)
    save_bundle(out, replace(bundle.manifest, confidence=worth, decoding=decoding), files)
    if figure:
        title = f"{bundle.manifest.name}: how right its confidence is"
        write_atomically(figure, draw_reliability(found.probs, found.good, title=title))
    for name, records, part in zip(
        [data_dir, *also_dirs], [val, *also], found.groups(), strict=True
    ):
        report = score(
            {
                record.image_id: text
                for record, text in zip(records, found.captions[part], strict=True)
            },
            {record.image_id: record.captions for record in records},
        )
        click.echo(
            f"{name}: CIDEr {report.scores['CIDEr']:.1f}, BLEU-4 {report.scores['BLEU-4']:.1f}"
        )
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


def _all_of(dataset: "Dataset") -> "list[Record]":
    return [record for split in dataset.splits.values() for record in split.records]


def _share(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"
