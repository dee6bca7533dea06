"""The standard streams as a process finds them: of any encoding, closed, full, left by a reader.

Names and sentences that stdout's encoding does not have are escaped. What goes to a closed stdout
is lost, which is told at the end; the rest of the work is done. Messages that stderr does not take
stop nothing.
"""

import io
import os
import sys
from pathlib import Path

UNEXPECTED = 1


def prepare_streams() -> None:
    """Make something that can be written to, or read, of each stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # or the first file that is opened would take its place
            os.open(os.devnull, os.O_RDWR)
    nowhere = Path(os.devnull)
    if sys.stdin is None:
        sys.stdin = nowhere.open(encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = _Closed(io.BytesIO(), encoding="utf-8")
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = nowhere.open("w", encoding="utf-8")
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Forgiving(
            sys.stderr.buffer,
            encoding=sys.stderr.encoding,
            errors="backslashreplace",
            line_buffering=True,
        )


def write_utf8(text: str) -> None:
    """Write records to stdout, in UTF-8 whatever the encoding of a terminal or a locale."""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and out.encoding.lower() not in ("utf-8", "utf8"):
        out.reconfigure(encoding="utf-8", errors="backslashreplace")
    out.write(text)
    out.flush()  # so that a reader further down the pipe sees it


def finish_streams(code: int) -> tuple[int, str]:
    """Write what is left; give the exit code, and what to say where some of it is lost.

    A reader that has left, as `head` does, has what it wanted.
    """
    lost = ""
    if isinstance(sys.stdout, _Closed) and sys.stdout.was_written_to:
        lost = "stdout is closed: what was to be written there is lost"
    try:
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            lost = f"stdout: {error.strerror}"
        _give_up(1)  # or the interpreter would try again, and complain
    if not lost or code == UNEXPECTED:  # for that very reason, which is told by now
        return code, ""
    return code or UNEXPECTED, lost


class _Closed(io.TextIOWrapper):
    """Stands for a stdout that was closed when the process began."""

    was_written_to = False

    def write(self, text: str) -> int:
        self.was_written_to = self.was_written_to or bool(text)
        return len(text)


class _Forgiving(io.TextIOWrapper):
    """A stderr that may be full, or left by its reader: messages are lost, nothing else."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            _give_up(2)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            _give_up(2)


def _give_up(number: int) -> None:
    """Let a stream lead nowhere from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
