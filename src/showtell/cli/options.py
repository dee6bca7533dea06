"""Options that several commands share."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from showtell.config import BeamConfig, EncoderConfig

F = TypeVar("F", bound=Callable[..., Any])
Settings = TypeVar("Settings", BeamConfig, EncoderConfig)

# Of BeamConfig.
SEARCH_SETTINGS = (
    *("beam_size", "max_length", "length_penalty", "no_repeat_ngram", "consensus"),
    *("neutral", "chooser", "cautious"),
)

# Existence is checked by the work, which says more about a missing file than click could.
PATH = click.Path(path_type=Path)


def search_options(function: F) -> F:
    """How to search, as one argument of the command, `search_asked`; None: as the model says."""

    @wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        asked = {name: options.pop(name) for name in SEARCH_SETTINGS}
        return function(*args, search_asked=asked, **options)

    for decorator in (
        click.option(
            "--cautious/--no-cautious",
            default=None,
            help="Say the less specific word where the photo does not settle a gender, a number or "
            "a colour, of models that can tell  [default: as the model says]",
        ),
        click.option(
            "--chooser/--no-chooser",
            default=None,
            help="Rank hypotheses by the chooser that came with the model  [default: as the model "
            "says]",
        ),
        click.option(
            "--neutral",
            is_flag=True,
            default=None,
            help="Name no gender: a person, a child, their dog.",
        ),
        click.option(
            "--consensus",
            type=float,
            metavar="T",
            help="Choose the hypothesis that agrees best with the others, each voting with weight "
            "exp(log-probability / T); 0 chooses the likeliest.",
        ),
        click.option(
            "--no-repeat-ngram",
            type=int,
            metavar="N",
            help="No N words in a row twice in a sentence; 0 allows it.",
        ),
        click.option(
            "--length-penalty",
            type=float,
            metavar="A",
            help="Favour longer sentences the larger it is; 0 ranks by total log-probability.",
        ),
        click.option("--max-length", type=int, metavar="N", help="Most words in a sentence."),
        click.option(
            "--beam-size",
            "--num-beams",
            type=int,
            metavar="N",
            help="Hypotheses kept at each step; 1 is greedy.",
        ),
    ):
        command = decorator(command)
    return cast(F, command)


def override(config: Settings, asked: Mapping[str, Any]) -> Settings:
    """Replace what the user asked for, keep the rest, which is None.

    Raises:
        ConfigError: a value is out of range.
    """
    return replace(config, **{key: value for key, value in asked.items() if value is not None})


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
