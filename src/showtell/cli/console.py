"""What people see: data in lines and tables on stdout; messages and progress on stderr."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from showtell.printable import one_line


@cache
def stderr() -> Console:
    """The console for people; colours only on a terminal, and not under NO_COLOR."""
    return Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def speaks() -> bool:
    """Whether this process is the only one, or the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def line(*cells: object) -> None:
    """Write a line of data to stdout; of several cells, with tabs between."""
    sys.stdout.write(one_line(*cells) + "\n")
    sys.stdout.flush()  # so that a reader further down the pipe sees it


def lines(texts: Iterable[str]) -> None:
    """Write several lines of data to stdout."""
    for text in texts:
        line(text)


def say(*messages: str) -> None:
    """Tell the user something that is not data, each message in a line; of processes, one does."""
    if speaks():
        for message in messages:
            stderr().print(one_line(message), markup=False)


def error(message: str) -> None:
    """Say in one line what went wrong."""
    stderr().print(one_line(f"showtell: {message}"), markup=False, style="red")


def refuse(mistake: click.ClickException) -> None:
    """Say what is wrong with a command line, and how it should be."""
    told = [f"Error: {mistake.format_message()}"]
    context = mistake.ctx if isinstance(mistake, click.UsageError) else None
    if context:
        hint = f"Try '{context.command_path} {context.help_option_names[0]}' for help."
        told = [*context.get_usage().split("\n"), hint, "", *told]
    for message in told:
        stderr().print(one_line(message), markup=False)


class ProgressBar:
    """Progress on a terminal, nothing elsewhere; one bar for each named stage of the work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def stage(self, name: str) -> Callable[[int, int], None]:
        """Give a callback (done, total) that draws the stage of this name."""

        return partial(self.report, name)

    def report(self, name: str, done: int, total: int) -> None:
        """Draw how far the stage of a name is."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done, total=total)

    def describe(self, name: str, words: str) -> None:
        """Say more of a stage than its name."""
        if name in self._tasks:
            self._progress.update(self._tasks[name], description=f"{name}: {words}")

    def restart(self, name: str) -> None:
        """Begin a stage again, for work that repeats, such as epochs."""
        if name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "")


@contextmanager
def progress_bar(*, enabled: bool = True) -> Iterator[ProgressBar]:
    """Draw progress bars with an ETA on stderr while the block runs."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        console=stderr(),
        transient=True,
        disable=not (enabled and speaks() and sys.stderr.isatty()),
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        yield ProgressBar(progress)


@contextmanager
def interrupt_flag() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag that the work asks for; a second one stops at once."""
    pressed = False

    def on_interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        say("stopping after this step; press Ctrl-C again to stop at once")

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, previous)


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Lay rows out in columns under their keys, numbers to the right: lines."""
    texts = [{key: _text(value) for key, value in row.items()} for row in rows]
    widths = {key: max(len(key), *(len(row[key]) for row in texts)) for key in texts[0]}
    found = ["  ".join(key.ljust(width) for key, width in widths.items()).rstrip()]
    for row, text in zip(rows, texts, strict=True):
        cells = [
            text[key].rjust(width) if isinstance(row[key], int | float) else text[key].ljust(width)
            for key, width in widths.items()
        ]
        found.append("  ".join(cells).rstrip())
    return found


def _text(value: Any) -> str:
    return f"{value:z.1f}" if isinstance(value, float) else one_line(value)
