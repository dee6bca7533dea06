"""How long work reports back. The library counts; only the command line draws."""

from collections.abc import Callable
from functools import partial

Progress = Callable[[int, int], None]  # items done, items in all
Stages = Callable[[str, int, int], None]  # name of the stage, items done, items in all


def no_progress(done: int, total: int) -> None:
    """Report nothing."""


def no_stages(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def stage(stages: Stages, name: str) -> Progress:
    """Give what reports of one stage."""
    return partial(stages, name)
