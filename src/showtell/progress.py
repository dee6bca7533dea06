"""How long work reports back. The library counts; only the command line draws."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # items done, items in all


def no_progress(done: int, total: int) -> None:
    """Report nothing."""
