"""The `showtell` command: verbs, the default verb, and errors as one line and an exit code."""

import difflib
import os
import sys
import warnings
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from showtell import __version__
from showtell.cli import console
from showtell.cli.streams import UNEXPECTED, finish_streams, prepare_streams
from showtell.errors import (
    BundleError,
    CheckpointError,
    ConfigError,
    DataError,
    ImageError,
    MetadataError,
    MissingExtraError,
    ShowtellError,
    UnknownModelError,
)

COMMANDS = (
    "caption",
    "review",
    "metadata",
    "train",
    "study",
    "evaluate",
    "features",
    "export",
    "calibrate",
    "models",
    "data",
    "doctor",
)

INTERRUPTED = 130
EXIT_CODES: dict[type[ShowtellError], int] = {
    ConfigError: 2,
    DataError: 2,
    MissingExtraError: 3,
    ImageError: 4,
    MetadataError: 4,
    BundleError: 6,
    UnknownModelError: 6,
    CheckpointError: 6,
}

EPILOG = """\b
Examples:
  showtell photo.jpg                        a sentence on stdout
  showtell holiday/ --json                  every photo in a folder, one JSON record a line
  showtell *.jpg --figure sheet.png         a picture of the photos with their sentences
  showtell holiday/ --sidecar xmp           descriptions and alt text for photo programs
  showtell train configs/merge.toml --data flickr8k

\b
Exit codes:
  0 all done   1 unexpected   2 usage, config or dataset   3 optional dependency missing
  4 finished, some inputs failed   5 no images found   6 model missing or corrupt
  130 interrupted; what is written is valid and the run resumes
"""


class CaptionByDefault(click.Group):
    """A group whose verb may be left out: `showtell photo.jpg` captions. Loads verbs late."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = (*COMMANDS, "--help", "-h", "--version")
        if args and args[0] not in own:
            if not ctx.resilient_parsing:  # a shell completes what is not whole yet
                _refuse_misspelt_verb(args[0])
            args = ["caption", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs, and what stands after the verb that may be left out."""
        found = super().shell_complete(ctx, incomplete)
        if not incomplete.startswith("-"):
            return [*found, CompletionItem(incomplete, type="file")]
        caption = self.get_command(ctx, "caption")
        assert caption is not None
        inner = click.Context(caption, parent=ctx, info_name="caption", resilient_parsing=True)
        known = {item.value for item in found}
        return [
            *found,
            *(one for one in caption.shell_complete(inner, incomplete) if one.value not in known),
        ]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"showtell.cli.{cmd_name}").command
        return command


def _refuse_misspelt_verb(word: str) -> None:
    close = difflib.get_close_matches(word, COMMANDS, n=1) if word.isalpha() else []
    if close and not Path(word).exists():
        raise click.UsageError(f"no command or photo {word!r}. Did you mean `showtell {close[0]}`?")


@click.group(
    cls=CaptionByDefault,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="showtell")
def cli() -> None:
    """Photo in, English sentence out.

    Without a command, PHOTOS are captioned by the model that comes with the install.
    """


def run(args: list[str]) -> int:
    """Run one command line and give its exit code."""
    try:
        result = cli.main(args, prog_name="showtell", standalone_mode=False, obj=args)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        console.refuse(error)
        return error.exit_code
    except ShowtellError as error:
        console.error(str(error))
        return EXIT_CODES[type(error)]
    except (KeyboardInterrupt, click.Abort):
        console.error("interrupted; what is written is valid")
        return INTERRUPTED
    except SystemExit:  # click, when the reader of our output has left, as `head` does
        return 0
    except OSError as error:  # a full disk, a folder without permission
        console.error(f"{error.filename or 'output'}: {error.strerror or error}")
        return UNEXPECTED
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the `showtell` script."""
    # Pillow warns of damage that it can read past; what it cannot, we say ourselves.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    prepare_streams()
    code, lost = finish_streams(run(sys.argv[1:]))
    if lost:
        console.error(lost)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        # Threads of PyTorch's process group may still want the interpreter as it is taken down,
        # which aborts the process; all is written and the group is left by now.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
