"""Counts what becomes of photos while they go by, and tells it."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from showtell.cli import console

if TYPE_CHECKING:
    from showtell.batch.job import Fate, Outcome


class Tally:
    """Watches outcomes: tells of failures at once, of the rest in numbers."""

    def __init__(self, *, keep: bool) -> None:
        """Begin with nothing.

        Args:
            keep: remember photos and captions, for a figure.
        """
        self._keep = keep
        self.fates: Counter[Fate] = Counter()
        self.unsure = 0  # of those captioned, written nowhere but into the record
        self.captioned: list[tuple[Path | bytes, str]] = []

    def add(self, outcome: "Outcome") -> None:
        """Take in one photo."""
        from showtell.runtime.records import is_uncertain

        self.fates[outcome.fate] += 1
        record = outcome.record
        if outcome.fate == "failed" and record:
            console.error(record["error"]["message"])
        elif outcome.fate == "captioned" and record:
            self.unsure += is_uncertain(record)
            if self._keep:
                self.captioned.append((outcome.photo.source, record["caption"]))

    @property
    def failed(self) -> int:
        return self.fates["failed"]

    @property
    def seen(self) -> int:
        """Files that are, or are meant to be, pictures."""
        return self.fates.total() - self.fates["no picture"]

    def __str__(self) -> str:
        order: tuple[Fate, ...] = ("captioned", "skipped", "done before", "failed")
        told = [f"{self.fates[fate]} {fate}" for fate in order if self.fates[fate]]
        if self.unsure:
            told.append(f"{self.unsure} of them unsure and not written")
        return ", ".join(told) or "nothing done"


def line_of(outcome: "Outcome") -> str | None:
    """Tell in a line what became of a photo; failures are told by `Tally`, and the rest is none."""
    record = outcome.record
    if record is None or outcome.fate not in ("captioned", "skipped"):
        return None
    why = "; ".join(note["message"] for note in record["notes"])
    if outcome.fate == "skipped":
        return f"{outcome.photo.name}: skipped: {why}"
    return f"{outcome.photo.name}: {record['caption']}{why and f' ({why})'}"
