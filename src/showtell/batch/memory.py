"""What a job remembers: of a single photo whose caption is written at once, nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from showtell.batch.stamp import Stamp
from showtell.runtime.records import Photo, Record


@dataclass(frozen=True)
class Entry:
    """One photo's record, and what is to be written beside it."""

    name: str
    stamp: Stamp | None
    record: Record
    writes: list[dict[str, Any]]


class Memory:
    """Remembers nothing; `showtell.batch.journal.Journal` does."""

    superseded = False  # whether a record took the place of an older one

    def done(self, photo: Photo, stamp: Stamp | None) -> Record | None:
        """Give the record of a photo that an earlier run captioned, if its file is the same."""
        return None

    def has_caption(self, name: str) -> bool:
        """Tell whether a photo got a caption."""
        return False

    def knows(self, name: str) -> bool:
        """Tell whether there is a record of a photo, whatever became of it."""
        return False

    def same_content(self, sha256: str) -> Record | None:
        """Give the record of a photo with these bytes, if one got a caption."""
        return None

    def keep(self, entries: Iterable[Entry], *, again: bool = False) -> None:
        """Take in records, all or none; a newer one takes the place of an older one's.

        Args:
            again: they are in it already, and only what was to be written has been.
        """

    def unwritten(self) -> list[Entry]:
        """Give what an earlier run was about to write when it was killed."""
        return []

    def records(self) -> Iterator[tuple[str, Record]]:
        """Give the names of all photos and their records, in the order they were first found."""
        return iter(())

    def commonest_caption(self) -> tuple[str, int, int]:
        """Give the caption that most different photos got, how many did, and of how many."""
        return "", 0, 0

    def num_below(self, confidence: float) -> tuple[int, int]:
        """Count captions of lower confidence, and all that have one."""
        return 0, 0

    def close(self) -> None:
        """Leave what is remembered to others."""
