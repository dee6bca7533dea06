"""Options that several commands share."""

from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from showtell.config import BeamConfig

F = TypeVar("F", bound=Callable[..., Any])

# Existence is checked by the work, which says more about a missing file than click could.
PATH = click.Path(path_type=Path)


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
        return click.option(f"--{name}/--no-{name}", default=None, help=about["help"])
    names = [f"--{name}", *([about["also"]] if about["also"] else [])]
    return click.option(
        *names, type=type(field.default), metavar=about["metavar"], help=about["help"]
    )


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
threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="CPU threads  [default: the cores available, at most 8]",
)
no_progress_option = click.option("--no-progress", is_flag=True, help="Draw no progress bar.")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, for machines.")

settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Change a setting of the config; may be given again.",
)
