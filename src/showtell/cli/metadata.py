"""`showtell metadata`: what photos say of themselves, and taking out what we wrote."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from showtell.cli import console
from showtell.cli.options import PATH
from showtell.cli.streams import write_utf8
from showtell.errors import ShowtellError, counted
from showtell.printable import json_text

if TYPE_CHECKING:
    from showtell.metadata.description import Description

SOME_FAILED, NO_IMAGES = 4, 5
Found = TypeVar("Found")

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


@click.group(
    "metadata",
    epilog=EPILOG,
    short_help="Show or clear what photos and sidecars say of themselves.",
)
def command() -> None:
    """Descriptions in photos and in XMP sidecars beside them."""


@command.command("show", short_help="Write what photos and sidecars say, as JSON.")
@paths_argument
@recursive_option
def show(paths: tuple[Path, ...], recursive: bool) -> int:
    """Write what photos and sidecars say, one JSON object a line; files that say nothing, none."""
    from showtell.metadata.place import read_place
    from showtell.runtime.records import utf8_name

    def tell(path: Path, described: "Description | None") -> None:
        if described and (described.text or described.alt_text):
            name = utf8_name(path.as_posix())
            row = {"path": name, **asdict(described), "by_person": described.by_person}
            write_utf8(json_text(row) + "\n")

    return _for_each(paths, recursive, read_place, tell)


@command.command("clear", short_help="Take out what showtell wrote, and nothing else.")
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

    def take_out(path: Path) -> bool:
        described = read_place(path)
        ours = described is not None and described.caption is not None
        if ours and not dry_run:
            clear_place(path)
        return ours

    def tell(path: Path, ours: bool) -> None:
        if ours:
            cleared.append(path)
            console.line(path.as_posix())

    code = _for_each(paths, recursive, take_out, tell)
    verb = "would be cleared" if dry_run else "cleared"
    console.say(f"{counted(len(cleared), 'file')} {verb}")
    return code


def _for_each(
    paths: tuple[Path, ...],
    recursive: bool,
    work: Callable[[Path], Found],
    tell: Callable[[Path, Found], None],
) -> int:
    """Do the work for every file, and tell what was found; of failures, that it failed."""
    from showtell.batch.find import find_photos

    failed = seen = 0
    for photo in find_photos(paths, recursive=recursive):
        seen += 1
        assert isinstance(photo.source, Path)
        try:
            found = work(photo.source)
        except (ShowtellError, OSError) as error:
            failed += 1
            console.error(str(error))
            continue
        tell(photo.source, found)  # what goes wrong here is not the photo's fault
    if not seen:
        console.error(f"no files in {', '.join(map(str, paths))}")
        return NO_IMAGES
    return SOME_FAILED if failed else 0
