"""`showtell data`."""

import json
from pathlib import Path
from typing import Any

import click

from showtell.cli import console
from showtell.cli.options import PATH, json_option
from showtell.errors import first_few

NAMED = 3  # missing files named for each split


@click.command("data")
@click.argument("data_dir", type=PATH, metavar="DIR")
@click.option(
    "--min-count",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="A word is in the vocabulary when train holds it this often.",
)
@json_option
def command(data_dir: Path, min_count: int, as_json: bool) -> None:
    """Check a dataset: what is there, what is missing, and how well a vocabulary covers it."""
    from showtell.data.describe import describe_dataset
    from showtell.data.sources import load_dataset

    found = describe_dataset(load_dataset(data_dir), min_count=min_count)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows = [
        {
            "split": name,
            "images": split["images"],
            "captions": split["captions"],
            "missing images": len(split["missing_images"]),
            "missing captions": len(split["missing_captions"]),
            "words known %": split["coverage"] * 100 if split["images"] else "-",
        }
        for name, split in found["splits"].items()
    ]
    click.echo(console.table(rows))
    for note in _notes(found):
        click.echo(note)


def _notes(found: dict[str, Any]) -> list[str]:
    notes = []
    for name, split in found["splits"].items():
        for what in ("missing_images", "missing_captions"):
            names = split[what]
            if names:
                label = what.replace("_", " ")
                notes.append(f"{name}: {label}: {first_few(names, NAMED)}")
    if found["odd_ids"]:
        notes.append(f"captions of no image and no split: {', '.join(found['odd_ids'])}")
    if found["unlisted_images"]:
        notes.append(f"{found['unlisted_images']} images belong to no split")
    if found["vocabulary"]:
        notes.append(
            f"vocabulary {found['vocabulary']} (with 4 special tokens): words seen at least "
            f"{found['min_count']} times in train; captions of {found['length']['median']} words "
            f"in the median, {found['length']['p99']} at the 99th percentile"
        )
    return notes
