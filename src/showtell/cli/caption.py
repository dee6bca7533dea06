"""`showtell caption`, and `showtell PHOTO` for short."""

import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.caption_options import STDIN, CaptionOptions, caption_options
from showtell.cli.options import (
    PATH,
    no_progress_option,
    search_options,
    threads_option,
)
from showtell.errors import ConfigError, counted

if TYPE_CHECKING:
    from showtell.batch.job import Job, Outcome
    from showtell.batch.journal import Journal
    from showtell.cli.tally import Tally
    from showtell.runtime.captioner import Captioner
    from showtell.runtime.records import Photo

SOME_FAILED, NO_IMAGES, INTERRUPTED = 4, 5, 130

EPILOG = """\b
Examples:
  showtell photo.jpg                       the sentence alone
  showtell a.jpg b.png                     path<TAB>sentence, one line each
  showtell holiday/ --json > out.jsonl     every photo in a folder, one JSON record a line
  showtell holiday/ --out captions.csv     a file; the same command goes on where it was stopped
  showtell holiday/ --sidecar xmp          IMG.jpg.xmp beside each photo, merged with what is there
  showtell holiday/ --embed --dry-run      which photos' own metadata would get a caption
  showtell inbox/ --sidecar xmp --watch    photos as they arrive, until Ctrl-C
  showtell *.jpg --figure sheet.png        photos with their sentences beneath, as a picture
  find . -name '*.heic' | showtell --files-from - --out heic.jsonl
  cat photo.jpg | showtell -               a picture from stdin
"""


@click.command("caption", epilog=EPILOG)
@click.argument("photos", nargs=-1, type=PATH)
@click.option(
    "--model", metavar="NAME|PATH", help="A name from `showtell models`, or the path of a bundle."
)
@caption_options
@click.option(
    "--figure", type=PATH, metavar="PNG", help="Draw the photos with their sentences beneath."
)
@search_options
@threads_option
@no_progress_option
def command(
    photos: tuple[Path, ...],
    model: str | None,
    asked: CaptionOptions,
    figure: Path | None,
    search_asked: dict[str, Any],
    threads: int | None,
    no_progress: bool,
) -> int:
    """Write a sentence for each of PHOTOS: files, folders (searched through), or - for stdin."""
    from showtell.bundle import find_bundle, load_bundle
    from showtell.config import override

    named = [*photos, *asked.listed()]
    asked.check(named)
    if figure and figure.suffix.lower() != ".png":
        raise click.UsageError(f"--figure draws a PNG; {figure} has another suffix")
    bundle = load_bundle(find_bundle(model))  # a wrong model is told before a long walk
    job = asked.job(override(bundle.manifest.decoding, search_asked))
    calibrated = bundle.confidence is not None and job.decoding.finds_the_same_as(
        bundle.manifest.decoding
    )
    if job.min_confidence and not calibrated:
        raise ConfigError("--min-confidence needs a calibrated model and its own search settings")

    from showtell.cli.tally import Tally
    from showtell.runtime.captioner import Captioner

    captioner = Captioner(bundle, threads=threads)
    tally = Tally(keep=figure is not None)
    with closing(_open_journal(captioner, job, asked)) as journal:
        if asked.dry_run:
            return _preview(named, job, journal, asked)
        interrupted = _Work(captioner, named, job, journal, asked, tally).run(not no_progress)
        if figure and tally.captioned:
            from showtell.figure import save_sheet

            save_sheet(figure, tally.captioned)
            console.say(f"drew {counted(len(tally.captioned), 'photo')} to {figure}")
        return _conclude(named, journal, asked, tally, interrupted=interrupted)


class _Work:
    """One run over all photos, with its progress bar, its output and its first Ctrl-C."""

    def __init__(
        self,
        captioner: "Captioner",
        named: list[Path],
        job: "Job",
        journal: "Journal",
        asked: CaptionOptions,
        tally: "Tally",
    ) -> None:
        self.captioner, self.named, self.job = captioner, named, job
        self.journal, self.asked, self.tally = journal, asked, tally

    def run(self, with_bar: bool) -> bool:
        """Do it; tell whether Ctrl-C ended it."""
        from showtell.batch.find import count_files

        total = count_files(self.named, recursive=self.asked.recursive)
        # On a terminal the sentences are the progress; a bar among them would garble both.
        among_sentences = self.asked.to_stdout and sys.stdout.isatty()
        enabled = with_bar and total > 1 and not among_sentences and not self.asked.quiet
        with (
            console.progress_bar(enabled=enabled) as bar,
            console.interrupt_flag() as interrupted,
        ):
            outcomes = self._told(self._outcomes(interrupted), bar, total)
            if self.asked.to_stdout:
                self._print(outcomes)
            elif self.asked.out:
                self._save(outcomes, self.asked.out)
            else:
                for _ in outcomes:
                    pass
            return interrupted() and not self.asked.watch

    def _outcomes(self, interrupted: Any) -> "Iterator[Outcome]":
        from showtell.batch.run import run_job

        photos = _find(self.named, self.asked)
        yield from run_job(self.captioner, photos, self.job, self.journal, should_stop=interrupted)
        if not self.asked.watch or interrupted():
            return
        from showtell.batch.watch import arrivals

        if not self.asked.quiet:
            console.say("watching for photos; Ctrl-C ends it")
        arrived_photos = arrivals(
            [path for path in self.named if path.is_dir()],
            recursive=self.asked.recursive,
            alone=len(self.named) == 1,
            known=self.journal.knows,
            should_stop=interrupted,
        )
        for arrived in arrived_photos:
            yield from run_job(
                self.captioner, arrived, self.job, self.journal, should_stop=interrupted
            )

    def _told(
        self, outcomes: "Iterator[Outcome]", bar: console.ProgressBar, total: int
    ) -> "Iterator[Outcome]":
        report = bar.stage("captioning")
        for done, outcome in enumerate(outcomes, start=1):
            self.tally.add(outcome)
            yield outcome
            report(done, max(total, done))
            bar.describe("captioning", str(self.tally))

    def _print(self, outcomes: "Iterator[Outcome]") -> None:
        from showtell.batch.formats import lines_of

        named = ((one.photo.name, one.record) for one in outcomes if one.record)
        alone = self._is_alone()
        for line in lines_of(self.asked.form, named, self.asked.fields):
            # Of a single photo, the sentence alone.
            sys.stdout.write(line.split("\t", 1)[1] if alone else line)
            sys.stdout.flush()  # so that a reader further down the pipe sees it

    def _is_alone(self) -> bool:
        (first, *others) = self.named
        return (
            self.asked.form == "text" and not others and not first.is_dir() and _is_literal(first)
        )

    def _save(self, outcomes: "Iterator[Outcome]", out: Path) -> None:
        from showtell.batch.output import Output

        output = Output(out, self.asked.form, self.journal, self.asked.fields)
        try:
            for outcome in outcomes:
                output.add([outcome])
        except BaseException:
            with suppress(OSError):  # of the first we tell
                output.finish()
            raise
        output.finish()


def _is_literal(path: Path) -> bool:
    from showtell.batch.find import expand

    return expand(path) == [path]


def _find(named: list[Path], asked: CaptionOptions) -> "Iterator[Photo]":
    from showtell.batch.find import find_photos
    from showtell.runtime.records import Photo

    if STDIN not in named:
        yield from find_photos(named, recursive=asked.recursive)
        return
    for path in named:
        if path == STDIN:
            yield Photo("-", sys.stdin.buffer.read())
        else:
            yield from find_photos([path], recursive=asked.recursive)


def _open_journal(captioner: "Captioner", job: "Job", asked: CaptionOptions) -> "Journal":
    from showtell.batch.journal import Journal
    from showtell.batch.output import check_output, journal_path
    from showtell.runtime.records import Maker

    anew = asked.on_existing == "overwrite"
    settings = job.settings(Maker.of(captioner, job.decoding, job.num_captions))
    if not asked.out:
        return Journal(None, settings)
    if asked.on_existing == "error" and asked.out.exists():
        raise ConfigError(f"{asked.out} is there already, and --on-existing is error")
    check_output(asked.out, replace=anew)
    path = journal_path(asked.out)
    if asked.dry_run and (anew or not path.exists()):
        return Journal(None, settings)
    return Journal(path, settings, anew=anew)


def _preview(named: list[Path], job: "Job", journal: "Journal", asked: CaptionOptions) -> int:
    from showtell.batch.run import foresee

    for photo, fate in foresee(_find(named, asked), job, journal):
        sys.stdout.write(f"{photo.name}\t{fate}\n")
    return 0


def _conclude(
    named: list[Path],
    journal: "Journal",
    asked: CaptionOptions,
    tally: "Tally",
    *,
    interrupted: bool,
) -> int:
    from showtell.batch.self_check import warnings

    if not tally.seen and not interrupted and not asked.watch:
        console.error(f"no pictures in {', '.join(map(str, named))}")
        return NO_IMAGES
    if not asked.quiet:
        if not asked.to_stdout or (tally.failed and tally.seen > 1):
            where = f"; records in {asked.out}" if asked.out else ""
            console.say(f"{tally}{where}")
        for warning in warnings(journal):
            console.say(f"note: {warning}")
    if interrupted:
        console.error(f"interrupted; what is written is valid{_how_to_go_on(asked)}")
        return INTERRUPTED
    return SOME_FAILED if tally.failed else 0


def _how_to_go_on(asked: CaptionOptions) -> str:
    if asked.to_stdout:
        return ""
    if asked.on_existing == "overwrite":
        return "; without --force or --on-existing overwrite the same command goes on"
    return "; the same command goes on"
