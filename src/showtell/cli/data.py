"""`showtell data`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import PATH, check_suffix, json_option, no_progress_option
from showtell.cli.streams import write_utf8
from showtell.printable import json_text

if TYPE_CHECKING:
    from showtell.data.records import Dataset

SOME_UNREADABLE = 4
ON_SHEET = 8  # pictures

EPILOG = """\b
Examples:
  showtell data flickr8k
  showtell data photos --sheet sheet.png       pictures with a .txt beside each, or any of
                                               the formats that docs/own-data.md shows
  showtell data photos/captions.csv --json
  showtell data coco --no-check-images         a quick look at files and captions alone

Exit code 4 if a picture cannot be read.
"""


@click.command("data", epilog=EPILOG, short_help="Check a dataset before training on it.")
@click.argument("data", type=PATH, metavar="DATA")
@click.option(
    "--min-count",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="A word is in the vocabulary when train holds it this often.",
)
@click.option(
    "--check-images/--no-check-images",
    default=True,
    help="Decode every picture; find unreadable and repeated ones  [default: yes]",
)
@click.option(
    "--sheet", type=PATH, metavar="FILE.png", help=f"Draw {ON_SHEET} pictures with their captions."
)
@json_option
@no_progress_option
def command(
    data: Path,
    min_count: int,
    check_images: bool,
    sheet: Path | None,
    as_json: bool,
    no_progress: bool,
) -> int:
    """Check a dataset: what was understood, what is missing, what is there twice.

    DATA is a folder of pictures with captions, or a caption file in such a folder.
    """
    from showtell.cli import data_report
    from showtell.data.checking.describe import describe_dataset
    from showtell.data.sources import load_dataset

    check_suffix(sheet, "--sheet", "PNG")
    dataset = load_dataset(data)
    found = describe_dataset(dataset, min_count=min_count)
    found["pictures"] = _look_at(dataset, no_progress) if check_images else None
    found["training_refuses"] += _unreadable(dataset, found["pictures"])
    if as_json:
        write_utf8(json_text(found, indent=2) + "\n")
    else:
        console.lines(data_report.describe(found, dataset.notes))
    if sheet:
        _draw(dataset, sheet)
    return SOME_UNREADABLE if check_images and found["pictures"]["unreadable"] else 0


def _look_at(dataset: "Dataset", no_progress: bool) -> dict[str, Any]:
    from showtell.data.checking.describe import describe_pictures
    from showtell.data.checking.pictures import check_pictures

    records = [record for split in dataset.splits.values() for record in split.records]
    with console.progress_bar(enabled=not no_progress) as bar:
        return describe_pictures(check_pictures(records, progress=bar.stage("pictures")))


def _unreadable(dataset: "Dataset", pictures: dict[str, Any] | None) -> list[str]:
    """Say that pictures which training needs cannot be read, if there are any."""
    bad = pictures["unreadable"] if pictures else {}
    split_of = {r.image_id: r.split for part in dataset.splits.values() for r in part.records}
    count = sum(split_of[image] in ("train", "val") for image in bad)
    return [f"pictures of train or val that cannot be read: {count}"] if count else []


def _draw(dataset: "Dataset", sheet: Path) -> None:
    from showtell.data.checking.sample import sample
    from showtell.figure import CELL, save_sheet

    chosen = sample(dataset, ON_SHEET, side=CELL)
    save_sheet(sheet, chosen)
    console.say(f"{len(chosen)} pictures with their captions in {sheet}")
