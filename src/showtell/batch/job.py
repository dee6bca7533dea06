"""What is to be done with every photo, and what may become of one."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from showtell.batch.destinations import Destination, OnExisting
from showtell.config import BeamConfig
from showtell.images import MAX_IMAGE_MPIXELS
from showtell.runtime.records import Maker, Photo, Record

Fate = Literal["captioned", "skipped", "failed", "done before", "no picture"]


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """What makes a job's records: those of another job do not belong beside them.

    A new setting has the default that earlier showtells worked by: their journals go on.
    """

    model: dict[str, str]  # name, version, sha256
    decoding: BeamConfig
    num_captions: int | None = None
    min_confidence: float = 0.0
    destinations: tuple[Destination, ...] = ()


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

    def settings(self, maker: Maker) -> JobSettings:
        """Give those of its settings that its records depend on."""
        return JobSettings(
            model=maker.model._asdict(),
            decoding=self.decoding,
            num_captions=self.num_captions,
            min_confidence=self.min_confidence,
            destinations=self.destinations,
        )


class Outcome(NamedTuple):
    """What became of one file."""

    photo: Photo
    fate: Fate
    record: Record | None  # None: it was done before, or is no picture
