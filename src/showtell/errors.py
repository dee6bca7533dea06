"""What can go wrong, as one tree.

    ShowtellError
    ├── ConfigError          a setting is missing, unknown or out of range
    ├── ImageError           this file is not a picture we can read, or is too large
    ├── BundleError          a model bundle is incomplete, altered or of a newer format
    ├── UnknownModelError    no model of that name
    ├── DataError            a dataset file does not say what we expect
    ├── MetadataError        a photo's metadata cannot be read, or written without harm
    ├── CheckpointError      a training run is incomplete or was made by another configuration
    └── MissingExtraError    an optional dependency is not installed

Every message says what, the value, and what to do. The command line turns one into a line on
stderr and an exit code; the library only raises.
"""

import difflib
from collections.abc import Iterable, Sequence


class ShowtellError(Exception):
    """Anything a user can cause and can mend."""


class ConfigError(ShowtellError):
    """A setting is missing, unknown or out of range."""


class ImageError(ShowtellError):
    """This file is not a picture we can read, or is too large."""

    def __init__(self, message: str, code: str = "unreadable") -> None:
        """Say what is wrong, and for machines which of these it is.

        Args:
            code: missing, empty, folder, device, unreadable (the system refuses), not-a-picture,
                format (one we know and do not read), too-large, damaged, exists, existing,
                replaced.
        """
        super().__init__(message)
        self.code = code


class BundleError(ShowtellError):
    """A model bundle is incomplete, altered or of a newer format."""


class UnknownModelError(ShowtellError):
    """No model of that name."""


class DataError(ShowtellError):
    """A dataset file does not say what we expect."""


class MetadataError(ShowtellError):
    """A photo's metadata cannot be read, or written without harm."""


class CheckpointError(ShowtellError):
    """A training run is incomplete or was made by another configuration."""


class MissingExtraError(ShowtellError):
    """An optional dependency is not installed."""


FEW = 3  # examples in a message


def suggest(name: str, known: Iterable[str]) -> str:
    """End a message about an unknown name: the nearest known one, or all of them."""
    options = list(known)
    close = difflib.get_close_matches(name, options, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(options)}."


def counted(number: int, what: str) -> str:
    """Count things in a message: `1 image`, `2 images`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def first_few(names: Sequence[str], at_most: int = FEW) -> str:
    """List names in a message: the first of them, and an ellipsis for the rest."""
    return ", ".join(names[:at_most]) + (", …" if len(names) > at_most else "")


def one_line(text: object, at_most: int = 300) -> str:
    """Quote what another says, an error say, in a message of one line; cut if it goes on and on."""
    line = " ".join(str(text).split())
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return line if len(line) <= at_most else f"{line[: at_most - 1]}…"
