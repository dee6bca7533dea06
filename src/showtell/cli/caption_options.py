"""What `showtell caption` can be asked for, beside the search: inputs, outputs, destinations."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from showtell.cli.options import PATH, F, machine, section
from showtell.cli.path_list import STDIN, read_paths
from showtell.errors import suggest

if TYPE_CHECKING:
    from showtell.batch.formats import Format
    from showtell.batch.job import Job
    from showtell.config import BeamConfig

FORMATS = ("text", "json", "jsonl", "csv", "parquet", "coco")
MODES = ("skip", "overwrite", "append", "prepend", "error")


@dataclass(frozen=True, kw_only=True)
class CaptionOptions:
    """The options below, by their names."""

    files_from: Path | None
    null: bool
    recursive: bool
    max_image_mpixels: float
    chosen_format: str | None
    as_json: bool
    out: Path | None
    field_names: str | None
    num_captions: int | None
    min_confidence: float
    sidecars: tuple[str, ...]
    sidecar_dir: Path | None
    sidecar_naming: str | None
    caption_extension: str | None
    embed: bool
    mode: str
    force: bool
    dry_run: bool
    watch: bool
    batch_size: int
    jobs: int | None
    quiet: bool

    def named(self, photos: Sequence[Path]) -> list[Path]:
        """Put what was named and what --files-from lists into one.

        Raises:
            UsageError: the list cannot be read.
        """
        if self.null and not self.files_from:
            raise click.UsageError("--null is for the list of --files-from")
        if self.files_from == STDIN and STDIN in photos:
            raise click.UsageError("stdin is the list of --files-from, and no picture beside")
        listed = read_paths(self.files_from, null=self.null) if self.files_from else []
        return [*photos, *listed]

    @property
    def on_existing(self) -> str:
        return "overwrite" if self.force else self.mode

    @property
    def form(self) -> "Format":
        """The format of records, by its name, or else by the suffix of --out."""
        from showtell.batch.formats import SUFFIXES

        suffix = self.out.suffix.lower() if self.out else ""
        if self.chosen_format:
            return cast("Format", self.chosen_format)
        if self.as_json:
            return "json" if suffix == ".json" else "jsonl"
        if not self.out:
            return "text"
        if suffix not in SUFFIXES:
            raise click.UsageError(f"--out {self.out}: say --format, or end it in {_or(SUFFIXES)}")
        return SUFFIXES[suffix]

    @property
    def sentences(self) -> int:
        """How many sentences of a photo stand in text."""
        return self.num_captions or 1

    @property
    def fields(self) -> tuple[str, ...]:
        """The keys of a record that are wanted."""
        from showtell.runtime.records import FIELDS

        if self.field_names is None:
            return FIELDS
        names = tuple(name.strip() for name in self.field_names.split(","))
        for name in names:
            if name not in FIELDS:
                raise click.UsageError(f"--fields: no field {name!r}. {suggest(name, FIELDS)}")
        return names

    @property
    def to_stdout(self) -> bool:
        """Whether records go to stdout: not where the captions go somewhere else already."""
        somewhere_else = self.out or self.sidecars or self.embed
        return not somewhere_else or bool(not self.out and (self.chosen_format or self.as_json))

    def job(self, decoding: "BeamConfig") -> "Job":
        """Say it as the work wants it."""
        from showtell.batch.destinations import Destination
        from showtell.batch.job import Job
        from showtell.runtime.session import available_cpus

        kinds = (*self.sidecars, *(("embed",) if self.embed else ()))
        destinations = (
            Destination(
                kind=cast(Any, kind),
                directory=self.sidecar_dir,
                # Training reads IMG.txt; IMG.jpg.xmp is whose it says even beside IMG.png.
                naming=cast(Any, self.sidecar_naming or ("stem" if kind == "txt" else "full")),
                extension=(self.caption_extension or ".txt") if kind == "txt" else "",
            )
            for kind in kinds
        )
        return Job(
            decoding=decoding,
            destinations=tuple(destinations),
            on_existing=cast(Any, self.on_existing),
            num_captions=self.num_captions,
            min_confidence=self.min_confidence,
            batch_size=self.batch_size,
            threads=self.jobs or available_cpus(),
            max_image_mpixels=self.max_image_mpixels,
        )

    def check(self, named: list[Path]) -> None:
        """Refuse what does not go together, before any work.

        Raises:
            UsageError: the message says what.
            MissingExtraError: a package that is needed at the end is not there.
        """
        from showtell.batch.formats import SUFFIXES
        from showtell.extras import require_extra
        from showtell.suffixes import PICTURE_SUFFIXES

        form = self.form
        of_out = SUFFIXES.get(self.out.suffix.lower(), "jsonl") if self.out else "jsonl"
        kinds = "--sidecar or --embed" if self.sidecars or self.embed else ""
        for wrong, why in (
            (
                not named and not self.files_from,
                "no photos given; try `showtell photo.jpg`, or --help",
            ),
            (kinds and STDIN in named, f"{kinds} needs files, not stdin"),
            (self.sidecar_dir and not self.sidecars, "--sidecar-dir needs --sidecar"),
            (
                self.sidecar_naming and not kinds,
                "--sidecar-naming needs --sidecar, or --embed, which falls back to one",
            ),
            (
                self.caption_extension and "txt" not in self.sidecars,
                "--caption-extension needs --sidecar txt",
            ),
            (form == "parquet" and not self.out, "--format parquet needs --out"),
            (
                self.field_names and form in ("text", "coco"),
                f"--fields: the format {form} has its own; try --format jsonl or csv",
            ),
            (
                self.num_captions and form == "coco",
                "--num-captions: the format coco has one caption a photo; try --format jsonl",
            ),
            (
                self.num_captions and not (self.out or self.to_stdout or "json" in self.sidecars),
                "--num-captions is for records; beside a photo only --sidecar json has them",
            ),
            (self.watch and STDIN in named, "--watch looks at folders, not stdin"),
            (
                self.watch and not any(path.is_dir() for path in named),
                "--watch needs a folder to look at",
            ),
            (
                self.as_json and self.chosen_format not in (None, "jsonl"),
                f"--json is short for --format jsonl, and --format {self.chosen_format} is not",
            ),
            (
                self.as_json and not self.chosen_format and of_out not in ("json", "jsonl"),
                f"--json writes JSON, and {self.out} ends as {of_out} does; leave out one of both",
            ),
            (
                self.caption_extension is not None
                and (
                    not re.fullmatch(r"\.[^/\\\0]+", self.caption_extension)
                    or self.caption_extension.lower().endswith((*PICTURE_SUFFIXES, ".xmp", ".json"))
                ),
                f"--caption-extension {self.caption_extension}: one such as .txt or .caption",
            ),
        ):
            if wrong:
                raise click.UsageError(why)
        if form == "parquet":
            require_extra("parquet", purpose="--format parquet")
        if self.watch:
            require_extra("watch", purpose="--watch")
        if form != "text":
            self.fields  # noqa: B018 - a wrong name is told now


def _or(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"


_photos, _output, _beside = map(section, ("Photos", "Output", "Beside the photo"))

_OPTIONS: tuple[Callable[[F], F], ...] = (
    _photos(
        "--files-from",
        type=PATH,
        metavar="FILE",
        help="Read paths from FILE, one a line or as `find -print0` writes them; - is stdin.",
    ),
    _photos(
        "-0", "--null", is_flag=True, help="In --files-from a NUL ends a path, and no newline does."
    ),
    _photos(
        "--recursive/--no-recursive",
        default=True,
        help="Whether folders in folders are searched  [default: they are]",
    ),
    _photos("--watch", is_flag=True, help="Go on and caption photos that arrive, until Ctrl-C."),
    _photos(
        "--max-image-mpixels",
        type=click.FloatRange(min=0, min_open=True),
        default=250.0,
        show_default=True,
        metavar="N",
        help="Refuse pictures of more megapixels.",
    ),
    _output(
        "--out",
        type=PATH,
        metavar="FILE",
        help="Write records to FILE. The same command goes on where it was stopped, adds photos "
        "that are new or changed, and tries those again that failed.",
    ),
    _output(
        "--format",
        "chosen_format",
        type=click.Choice(FORMATS),
        help="text: sentences; json: one array; jsonl: one record a line, as they come; csv; "
        "parquet (with --out); coco: results as COCO's evaluation reads them  [default: by the "
        "suffix of --out, or text]",
    ),
    _output(
        "--json",
        "as_json",
        is_flag=True,
        help="Short for --format jsonl; with --out FILE.json for --format json.",
    ),
    _output("--fields", "field_names", metavar="A,B,...", help="Only these keys of the records."),
    _output(
        "--num-captions",
        type=click.IntRange(min=1),
        metavar="N",
        help="At most N sentences for a photo, best first: in text one after the other, in "
        "records as candidates  [default: 1 in text, in records all that the search found]",
    ),
    _output(
        "--min-confidence",
        type=click.FloatRange(0, 1),
        default=0.0,
        metavar="P",
        help="Captions of lower confidence stay out of text and coco, get no sidecar and are not "
        "embedded; records have them, and say so.",
    ),
    _output("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    _output("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    _beside(
        "--sidecar",
        "sidecars",
        type=click.Choice(["txt", "xmp", "json"]),
        multiple=True,
        help="Write each caption beside its photo; may be given again. XMP is merged into a "
        "sidecar that is there.",
    ),
    _beside(
        "--sidecar-dir",
        type=PATH,
        metavar="DIR",
        help="Write sidecars into DIR, in the folders of the photos.",
    ),
    _beside(
        "--sidecar-naming",
        "--xmp-naming",
        type=click.Choice(["full", "stem"]),
        help="IMG.jpg.xmp or IMG.xmp  [default: stem for txt, full for others]",
    ),
    _beside("--caption-extension", metavar=".EXT", help="Suffix of text sidecars  [default: .txt]"),
    _beside(
        "--embed",
        is_flag=True,
        help="Write each caption into its photo's metadata; the picture stays as it is. Formats "
        "other than JPEG, PNG and WebP get an XMP sidecar.",
    ),
    _beside(
        "--on-existing",
        "mode",
        type=click.Choice(MODES),
        default="skip",
        show_default=True,
        help="Where there is a caption or description already: leave it; replace it; add to it; "
        "or count it as an error. For --out, overwrite begins anew.",
    ),
    _beside("--force", is_flag=True, help="Short for --on-existing overwrite."),
    machine(
        "--batch-size",
        type=click.IntRange(min=1),
        default=16,
        show_default=True,
        metavar="N",
        help="Photos that the model looks at together.",
    ),
    machine(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Threads that read and decode photos  [default: the cores available]",
    ),
)


def caption_options(function: F) -> F:
    """Give the command all of these as one argument, `asked`."""
    names = [field.name for field in fields(CaptionOptions)]

    @wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        asked = CaptionOptions(**{name: options.pop(name) for name in names})
        return function(*args, asked=asked, **options)

    for option in reversed(_OPTIONS):
        command = option(command)
    return cast(F, command)
