"""What is to be done with every photo, and what may become of one."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from showtell.batch.destinations import Destination, OnExisting
from showtell.config import BeamConfig
from showtell.images import MAX_IMAGE_MPIXELS
from showtell.runtime.records import Maker, Photo, Record

Fate = Literal["captioned", "skipped", "failed", "done before", "no picture"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """The settings of a run over many photos."""

    decoding: BeamConfig
    destinations: tuple[Destination, ...] = ()
    on_existing: OnExisting = "skip"  # what to do where a destination has words already
    num_captions: int | None = None  # candidates in a record; None: all that were found
    min_confidence: float = 0.0  # captions below it go nowhere but into the record
    batch_size: int = 16
    threads: int = 2  # that read and decode photos
    max_image_mpixels: float = MAX_IMAGE_MPIXELS  # larger pictures fail

    def settings(self, maker: Maker) -> Record:
        """What makes this job's records: those of another job do not belong beside them."""
        return {
            "model": " ".join(maker.model),
            "search": str(self.decoding),
            "num_captions": self.num_captions,
            "min_confidence": self.min_confidence,
            "destinations": [str(destination) for destination in self.destinations],
        }


def differing(kept: Record, settings: Record) -> list[str]:
    """Name the settings in which a job is another than the one that a journal keeps.

    A setting of the search that a journal does not know yet was as it is by default.
    """
    default = _fields(str(BeamConfig()))
    searches = [default | _fields(str(one.get("search"))) for one in (kept, settings)]
    same_search = searches[0] == searches[1]
    return [
        key
        for key in settings
        if settings[key] != kept.get(key) and not (key == "search" and same_search)
    ]


def _fields(described: str) -> dict[str, str]:
    """Read the fields of a dataclass from its `str`."""
    return dict(re.findall(r"(\w+)=([^,()]+)", described))


class Outcome(NamedTuple):
    """What became of one file."""

    photo: Photo
    fate: Fate
    record: Record | None  # None: it was done before, or is no picture
