"""`showtell caption`, and `showtell PHOTO` for short."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    no_progress_option,
    override,
    search_options,
    threads_option,
)
from showtell.progress import Progress

if TYPE_CHECKING:
    from showtell.cli.output import ToDict
    from showtell.runtime.records import CaptionRecord, Photo

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
@click.option(
    "--model", metavar="NAME|PATH", help="A name from `showtell models`, or the path of a bundle."
)
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
    "--files-from",
    type=click.File(encoding="utf-8", errors="surrogateescape"),
    help="Read paths, one a line; - is stdin.",
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
    search_asked: dict[str, Any],
    batch_size: int,
    threads: int | None,
    no_progress: bool,
) -> int:
    """Write a sentence for each of PHOTOS: files, folders (searched through), or - for stdin."""
    from showtell.bundle import find_bundle, load_bundle

    named = [*photos, *(Path(line.rstrip("\r\n")) for line in files_from or () if line.strip())]
    if not named:
        raise click.UsageError("no photos given; try `showtell photo.jpg`, or --help")
    if figure and figure.suffix.lower() != ".png":
        raise click.UsageError(f"--figure draws a PNG; {figure} has another suffix")
    bundle = load_bundle(find_bundle(model))  # a wrong model is told before a long walk
    config = override(bundle.manifest.decoding, search_asked)
    found = _find_photos(named)
    if not found:
        console.error(f"no pictures in {', '.join(map(str, named))}")
        return NO_IMAGES

    from showtell.runtime.captioner import Captioner
    from showtell.runtime.records import caption_photos

    captioner = Captioner(bundle, threads=threads)
    outcome = _Outcome(keep=figure is not None)
    # On a terminal the sentences are the progress; a bar among them would garble both.
    bar_wanted = not no_progress and len(found) > 1 and not sys.stdout.isatty()
    with console.progress_bar(enabled=bar_wanted) as bar:
        records = caption_photos(captioner, found, config, batch_size=batch_size)
        _write(
            outcome.watch(records, bar.stage("captioning"), total=len(found)),
            form="jsonl" if as_jsonl else format_,
            alone=[photo.name for photo in found] == [named[0].as_posix()],
            to_dict=lambda record: record.to_dict(captioner, config),
        )
    if figure and outcome.captioned:
        from showtell.figure import save_sheet

        save_sheet(figure, outcome.captioned)
        console.say(f"drew {len(outcome.captioned)} photos to {figure}")
    if outcome.failed and len(found) > 1:
        console.say(f"{len(found) - outcome.failed} captioned, {outcome.failed} failed")
    return SOME_FAILED if outcome.failed else 0


class _Outcome:
    """Watches records go by: tells of failures, counts them, keeps what a figure needs."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self.captioned: list[tuple[Path | bytes, str]] = []  # photo and sentence
        self.failed = 0

    def watch(
        self, records: "Iterable[CaptionRecord]", advance: Progress, *, total: int
    ) -> "Iterator[CaptionRecord]":
        for done, record in enumerate(records, start=1):
            if record.error:
                self.failed += 1
                console.error(str(record.error))
            elif record.caption and self._keep:
                self.captioned.append((record.photo.source, record.caption.text))
            yield record
            advance(done, total)


def _write(
    records: "Iterable[CaptionRecord]", *, form: str, alone: bool, to_dict: "ToDict"
) -> None:
    from showtell.cli import output

    if form == "json":
        output.write_json(records, to_dict)
    elif form == "jsonl":
        output.write_jsonl(records, to_dict)
    elif alone:
        output.write_sentences(records)
    else:
        output.write_text(records)


def _find_photos(named: list[Path]) -> "list[Photo]":
    from showtell.images import find_pictures
    from showtell.runtime.records import Photo

    return [
        Photo("-", sys.stdin.buffer.read()) if path == Path("-") else Photo(path.as_posix(), path)
        for path in find_pictures(named)
    ]
