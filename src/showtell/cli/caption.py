"""`showtell caption`, and `showtell PHOTO` for short."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    no_progress_option,
    override,
    search_options,
    threads_option,
)

if TYPE_CHECKING:
    from showtell.runtime.records import Photo

SOME_FAILED, NO_IMAGES = 4, 5

EPILOG = """\b
Examples:
  showtell photo.jpg                     the sentence alone
  showtell a.jpg b.png                   path<TAB>sentence, one line each
  showtell holiday/ --json > out.jsonl   every photo in a folder, one JSON record a line
  showtell *.jpg --figure sheet.png      photos with their sentences beneath, as a picture
  cat photo.jpg | showtell -             a picture from stdin
"""


@click.command("caption", epilog=EPILOG)
@click.argument("photos", nargs=-1, type=PATH)
@click.option("--model", metavar="NAME|PATH", help="A name from `showtell models`, or a bundle.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="text: sentences; json: one array; jsonl: one record a line, as they come.",
)
@click.option("--json", "as_jsonl", is_flag=True, help="Short for --format jsonl.")
@click.option(
    "--files-from", type=click.File(encoding="utf-8"), help="Read paths, one a line; - is stdin."
)
@click.option(
    "--figure", type=PATH, metavar="PNG", help="Draw the photos with their sentences beneath."
)
@search_options
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True)
@threads_option
@no_progress_option
def command(
    photos: tuple[Path, ...],
    model: str | None,
    format_: str,
    as_jsonl: bool,
    files_from: Iterable[str] | None,
    figure: Path | None,
    beam_size: int | None,
    max_length: int | None,
    length_penalty: float | None,
    batch_size: int,
    threads: int | None,
    no_progress: bool,
) -> int:
    """Write a sentence for each of PHOTOS: files, folders (searched through), or - for stdin."""
    from showtell.bundle import find_bundle, load_bundle

    named = [*photos, *(Path(line.rstrip("\r\n")) for line in files_from or () if line.strip())]
    if not named:
        raise click.UsageError("no photos given; try `showtell photo.jpg`, or --help")
    bundle = load_bundle(find_bundle(model))  # a wrong model is told before a long walk
    config = override(
        bundle.manifest.decoding,
        beam_size=beam_size,
        max_length=max_length,
        length_penalty=length_penalty,
    )
    found = _find_photos(named)
    if not found:
        console.error(f"no pictures in {', '.join(map(str, named))}")
        return NO_IMAGES

    from showtell.runtime.captioner import Captioner
    from showtell.runtime.records import caption_photos

    captioner = Captioner(bundle, threads=threads)
    records, drawn, failed = [], [], 0
    alone = len(named) == 1 and not named[0].is_dir()
    with console.progress_bar(enabled=not no_progress and len(found) > 1) as bar:
        advance = bar.stage("captioning")
        for done, record in enumerate(
            caption_photos(captioner, found, config, batch_size=batch_size), start=1
        ):
            if record.error:
                failed += 1
                console.error(str(record.error))
            if format_ == "jsonl" or as_jsonl:
                _print(json.dumps(record.to_dict(captioner, config), ensure_ascii=False))
            elif format_ == "json":
                records.append(record.to_dict(captioner, config))
            elif record.caption:
                text = record.caption.text
                _print(text if alone else f"{record.photo.name}\t{text}")
            if figure and record.caption:
                drawn.append((record.photo.source, record.caption.text))
            advance(done, len(found))
    if format_ == "json" and not as_jsonl:
        _print(json.dumps(records, indent=2, ensure_ascii=False))
    if figure and drawn:
        from showtell.figure import save_sheet

        save_sheet(figure, drawn)
        console.say(f"drew {len(drawn)} photos to {figure}")
    if failed and len(found) > 1:
        console.say(f"{len(found) - failed} captioned, {failed} failed")
    return SOME_FAILED if failed else 0


def _find_photos(named: list[Path]) -> "list[Photo]":
    from showtell.images import find_pictures
    from showtell.runtime.records import Photo

    return [
        Photo("-", sys.stdin.buffer.read()) if path == Path("-") else Photo(path.as_posix(), path)
        for path in find_pictures(named)
    ]


def _print(line: str) -> None:
    """Write a line of data at once, so that a reader further down the pipe sees it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
