"""Options that several commands share."""

from collections.abc import Callable
from dataclasses import Field, fields
from functools import partial, wraps
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from showtell.config import BeamConfig

F = TypeVar("F", bound=Callable[..., Any])

# Existence is checked by the work, which says more about a missing file than click could.
PATH = click.Path(path_type=Path)

SECTIONS = ("Photos", "Output", "Beside the photo", "Search", "Machine", "Options")  # of --help


class Sectioned(click.Option):
    """An option that stands under a title of its own in the help of a `SectionedCommand`."""

    def __init__(self, *args: Any, section: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.section = section


class SectionedCommand(click.Command):
    """A command with many options, which its help shows in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for name, records in sections(self, ctx).items():
            with formatter.section(name):
                formatter.write_dl(records)


def sections(command: click.Command, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
    """Give the options of a command by section: how each is written, and its help."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in SECTIONS}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record and isinstance(parameter, click.Option):
            found[getattr(parameter, "section", "Options")].append(record)
    return {name: records for name, records in found.items() if records}


def section(name: str) -> Callable[..., Callable[[F], F]]:
    """Give what `click.option` is, for the options of a section."""
    return cast(Any, partial(click.option, cls=Sectioned, section=name))


def complete_model(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let a shell complete the name of a model, or of a file."""
    from showtell.bundle import bundled_models

    names = [name for name in bundled_models() if name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


# Of files that hold records or tables, each in a format of its own.
_DATA_SUFFIXES = (".txt", ".tsv", ".json", ".jsonl", ".ndjson", ".csv", ".parquet")


def check_suffix(path: Path | None, option: str, what: Literal["PNG", "JSON", "CSV"]) -> None:
    """Refuse to write a file whose name says that it is something else.

    A picture has its suffix in any case; data may have one that says nothing, or none.

    Raises:
        UsageError: the suffix is that of another format.
    """
    if path is None or path.suffix.lower() == f".{what.lower()}":
        return
    if what == "PNG" or path.suffix.lower() in _DATA_SUFFIXES:
        named = f"call it FILE.{what.lower()}, not {path.name}"
        raise click.UsageError(f"{option} writes a {what}; {named}")


search = section("Search")
machine = section("Machine")


def search_options(function: F) -> F:
    """How to search, as one argument of the command, `search_asked`; None: as the model says.

    An option for every field of `BeamConfig`.
    """
    settings = fields(BeamConfig)

    @wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        asked = {field.name: options.pop(field.name) for field in settings}
        return function(*args, search_asked=asked, **options)

    for field in reversed(settings):
        command = _search_option(field)(command)
    return cast(F, command)


def _search_option(field: Field[Any]) -> Callable[[F], F]:
    about, name = field.metadata, field.name.replace("_", "-")
    if isinstance(field.default, bool):
        return search(f"--{name}/--no-{name}", default=None, help=about["help"])
    names = [f"--{name}", *([about["also"]] if about["also"] else [])]
    return search(*names, type=type(field.default), metavar=about["metavar"], help=about["help"])


data_option = click.option(
    "--data",
    "data_dir",
    type=PATH,
    required=True,
    metavar="DATA",
    help="Dataset: a folder of pictures with captions in one of the formats of docs/own-data.md "
    "(Flickr8k's own files too), or a caption file in such a folder.",
)
cache_option = click.option(
    "--cache-dir",
    type=PATH,
    metavar="DIR",
    help="Where features are kept  [default: $SHOWTELL_CACHE or ~/.cache/showtell]",
)
threads_option = machine(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="CPU threads  [default: the cores available, at most 8]",
)
no_progress_option = machine("--no-progress", is_flag=True, help="Draw no progress bar.")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, for machines.")

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="What to train on; auto is cuda where there is one.",
)
settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Change a setting of the config; may be given again.",
)
