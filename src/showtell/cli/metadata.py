"""`showtell metadata`: what photos say of themselves, and taking out what we wrote."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import PATH
from showtell.errors import ShowtellError, counted

SOME_FAILED, NO_IMAGES = 4, 5

EPILOG = """\b
Examples:
  showtell metadata show photo.jpg          description, alt text and who wrote them
  showtell metadata clear holiday/          take out what showtell wrote, and nothing else
  showtell metadata clear holiday/ --dry-run
"""

paths_argument = click.argument("paths", nargs=-1, type=PATH, required=True)
recursive_option = click.option(
    "--recursive/--no-recursive", default=True, help="Whether folders in folders are searched."
)


@click.group("metadata", epilog=EPILOG)
def command() -> None:
    """Descriptions in photos and in XMP sidecars beside them."""


@command.command("show")
@paths_argument
@recursive_option
def show(paths: tuple[Path, ...], recursive: bool) -> int:
    """Write what photos and sidecars say, one JSON object a line; files that say nothing, none."""
    from showtell.metadata.place import read_place

    def tell(path: Path) -> None:
        described = read_place(path)
        if described and (described.text or described.alt_text):
            row = {"path": path.as_posix(), **asdict(described), "by_person": described.by_person}
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")

    return _for_each(paths, recursive, tell)


@command.command("clear")
@paths_argument
@recursive_option
@click.option("--dry-run", is_flag=True, help="Name the files, and leave them as they are.")
def clear(paths: tuple[Path, ...], recursive: bool, dry_run: bool) -> int:
    """Take out of photos and XMP sidecars what showtell wrote.

    A person's words stay, those that were edited after us among them. The files that had
    something of ours are named on stdout.
    """
    from showtell.metadata.place import clear_place, read_place

    cleared: list[Path] = []

    def take_out(path: Path) -> None:
        described = read_place(path)
        if described is None or described.caption is None:
            return
        if not dry_run:
            clear_place(path)
        cleared.append(path)
        sys.stdout.write(f"{path.as_posix()}\n")

    code = _for_each(paths, recursive, take_out)
    verb = "would be cleared" if dry_run else "cleared"
    console.say(f"{counted(len(cleared), 'file')} {verb}")
    return code


def _for_each(paths: tuple[Path, ...], recursive: bool, work: Callable[[Path], None]) -> int:
    """Do the work for every file; tell of those for which it failed."""
    from showtell.batch.find import find_photos

    failed = seen = 0
    for photo in find_photos(paths, recursive=recursive):
        seen += 1
        assert isinstance(photo.source, Path)
        try:
            work(photo.source)
        except (ShowtellError, OSError) as error:
            failed += 1
            console.error(str(error))
    if not seen:
        console.error(f"no files in {', '.join(map(str, paths))}")
        return NO_IMAGES
    return SOME_FAILED if failed else 0
