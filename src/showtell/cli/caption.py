"""`showtell caption`, and `showtell PHOTO` for short."""

import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.caption_options import CaptionOptions, caption_options
from showtell.cli.options import (
    PATH,
    SectionedCommand,
    check_suffix,
    complete_model,
    no_progress_option,
    search,
    search_options,
    section,
    threads_option,
)
from showtell.cli.path_list import STDIN
from showtell.cli.streams import write_utf8
from showtell.errors import ConfigError, counted

if TYPE_CHECKING:
    from showtell.batch.job import Job, Outcome
    from showtell.batch.memory import Memory
    from showtell.batch.places import Places
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
  find . -name '*.heic' -print0 | showtell --files-from - --out heic.jsonl
  cat photo.jpg | showtell -               a picture from stdin
"""


@click.command(
    "caption",
    cls=SectionedCommand,
    epilog=EPILOG,
    short_help="Write a sentence for each photo.",
)
@click.argument("photos", nargs=-1, type=PATH)
@caption_options
@section("Output")(
    "--figure", type=PATH, metavar="PNG", help="Draw the photos with their sentences beneath."
)
@search(
    "--model",
    shell_complete=complete_model,
    metavar="NAME|PATH",
    help="A name from `showtell models`, or the path of a bundle.",
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

    named = asked.named(photos)
    asked.check(named)
    check_suffix(figure, "--figure", "PNG")
    bundle = load_bundle(find_bundle(model))  # a wrong model is told before a long walk
    job = asked.job(override(bundle.manifest.decoding, search_asked))
    calibrated = bundle.confidence is not None and job.decoding.finds_the_same_as(
        bundle.manifest.decoding
    )
    if job.min_confidence and not calibrated:
        raise ConfigError("--min-confidence needs a calibrated model and its own search settings")

    from showtell.batch.find import are_several, find_photos, is_one_file
    from showtell.batch.places import Places, check_places
    from showtell.cli.tally import Tally
    from showtell.runtime.captioner import Captioner

    places = Places(job.destinations, out=asked.out, several=are_several(named))
    total = check_places(find_photos(named, recursive=asked.recursive), places)
    captioner = Captioner(bundle, threads=threads)
    tally = Tally(keep=figure is not None)
    is_alone = is_one_file(named)
    with closing(_open_journal(captioner, job, asked, is_alone=is_alone)) as journal:
        if asked.dry_run:
            return _preview(named, job, journal, asked)
        work = _Work(captioner, named, job, journal, asked, tally, places)
        interrupted = work.run(total, with_bar=not no_progress)
        if figure and tally.captioned:
            from showtell.figure import save_sheet

            save_sheet(figure, tally.captioned)
            if not asked.quiet:
                console.say(f"drew {counted(len(tally.captioned), 'photo')} to {figure}")
        return _conclude(named, journal, asked, tally, interrupted=interrupted)


class _Work:
    """One run over all photos, with its progress bar, its output and its first Ctrl-C."""

    def __init__(
        self,
        captioner: "Captioner",
        named: list[Path],
        job: "Job",
        journal: "Memory",
        asked: CaptionOptions,
        tally: "Tally",
        places: "Places",
    ) -> None:
        self.captioner, self.named, self.job = captioner, named, job
        self.journal, self.asked, self.tally, self.places = journal, asked, tally, places

    def run(self, total: int, *, with_bar: bool) -> bool:
        """Do it, to so many files; tell whether Ctrl-C ended it."""
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

        # Now, since one may go meanwhile.
        folders = [path for path in self.named if self.asked.watch and path.is_dir()]
        photos = _find(self.named, self.asked)
        yield from run_job(self.captioner, photos, self.job, self.journal, should_stop=interrupted)
        if not self.asked.watch or interrupted():
            return
        from showtell.batch.watch import arrivals
        from showtell.cli.tally import line_of

        if not self.asked.quiet:
            console.say("watching for photos; Ctrl-C ends it")
        arrived_photos = arrivals(
            folders,
            recursive=self.asked.recursive,
            alone=len(self.named) == 1,
            known=self.journal.knows,
            should_stop=interrupted,
            tell=console.say,
        )
        for arrived in arrived_photos:
            photos = map(self._with_conflict, arrived)
            for outcome in run_job(
                self.captioner, photos, self.job, self.journal, should_stop=interrupted
            ):
                if not (self.asked.quiet or self.asked.to_stdout) and (line := line_of(outcome)):
                    console.say(line)
                yield outcome

    def _with_conflict(self, photo: "Photo") -> "Photo":
        """Let a photo that has no place of its own be one that failed."""
        return replace(photo, trouble=photo.trouble or self.places.conflict(photo))

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
        from showtell.batch.find import is_one_file
        from showtell.batch.formats import lines_of

        form, asked = self.asked.form, self.asked
        named = ((one.photo.name, one.record) for one in outcomes if one.record)
        lines = lines_of(form, named, asked.fields, sentences=asked.sentences)
        if form != "text":
            for line in lines:
                write_utf8(line)
            return
        alone = is_one_file(self.named)
        for line in lines:
            # Of a single photo the sentences alone.
            sys.stdout.write("\n".join(line.split("\t")[1:]) if alone else line)
            sys.stdout.flush()  # so that a reader further down the pipe sees it

    def _save(self, outcomes: "Iterator[Outcome]", out: Path) -> None:
        from showtell.batch.output import Output

        asked = self.asked
        output = Output(out, asked.form, self.journal, asked.fields, sentences=asked.sentences)
        try:
            for outcome in outcomes:
                output.add([outcome])
        except BaseException:
            with suppress(OSError):  # of the first we tell
                output.finish()
            raise
        output.finish()


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


def _open_journal(
    captioner: "Captioner", job: "Job", asked: CaptionOptions, *, is_alone: bool
) -> "Memory":
    from showtell.batch.memory import Memory

    if is_alone and not asked.out:
        return Memory()

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
    return Journal(path, settings, anew=anew, only_look=asked.dry_run)


def _preview(named: list[Path], job: "Job", journal: "Memory", asked: CaptionOptions) -> int:
    from showtell.batch.run import foresee

    for photo, fate in foresee(_find(named, asked), job, journal):
        console.line(photo.name, fate)
    return 0


def _conclude(
    named: list[Path],
    journal: "Memory",
    asked: CaptionOptions,
    tally: "Tally",
    *,
    interrupted: bool,
) -> int:
    from showtell.batch.self_check import warnings

    if not tally.seen and not interrupted and not asked.watch:
        console.error(f"no pictures in {', '.join(map(str, named)) or asked.files_from}")
        return NO_IMAGES
    if not asked.quiet:
        left_out = asked.form in ("text", "coco") and tally.unsure
        if not asked.to_stdout or (tally.failed and tally.seen > 1) or left_out:
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
