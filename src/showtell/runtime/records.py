"""One record for each photo, whatever became of it (`showtell.runtime.caption` has the shape)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from showtell.config import BeamConfig
from showtell.errors import ImageError
from showtell.runtime.caption import FIELDS as FIELDS
from showtell.runtime.caption import Caption, ModelInfo
from showtell.runtime.caption import Note as Note
from showtell.runtime.caption import Record as Record
from showtell.runtime.captioner import Captioner


@dataclass(frozen=True)
class Photo:
    """A picture to caption, and the name it goes by in what we write."""

    name: str
    source: Path | bytes
    inside: str = ""  # its path below the folder it was found in, where sidecars mirror that
    named: bool = True  # by the caller, so that it is not passed over if it is no picture
    trouble: str | None = None  # why it cannot even be looked at: a folder that may not be read


@dataclass(frozen=True, kw_only=True)
class Maker:
    """What makes captions, as every record tells it."""

    model: ModelInfo
    decoding: BeamConfig
    num_captions: int | None = None  # candidates in a record; None: all that were found

    @classmethod
    def of(
        cls, captioner: Captioner, decoding: BeamConfig, num_captions: int | None = None
    ) -> "Maker":
        """Describe a captioner that searches with these settings."""
        return cls(model=captioner.model, decoding=decoding, num_captions=num_captions)

    @property
    def writer(self) -> str:
        """Who wrote a caption, in a photo's metadata."""
        return f"showtell {self.model.name} {self.model.version}"


def caption_record(
    photo: Photo,
    caption: Caption,
    maker: Maker,
    *,
    sha256: str,
    elapsed_ms: float,
    notes: tuple[Note, ...] = (),
) -> Record:
    """The record of a photo that got a caption.

    Args:
        sha256: of the photo's file.
        elapsed_ms: the photo's share of its batch.
    """
    record = caption.to_dict(num_captions=maker.num_captions)
    return record | {
        "path": utf8_name(photo.name),
        "sha256": sha256,
        "elapsed_ms": round(elapsed_ms, 1),
        "notes": [*record["notes"], *(note._asdict() for note in notes)],
    }


def error_record(photo: Photo, error: ImageError, maker: Maker) -> Record:
    """The record of a photo that could not be read."""
    return _record(photo, maker) | failure(error.code, str(error))


def skipped_record(photo: Photo, maker: Maker, note: Note) -> Record:
    """The record of a photo that was left as it is."""
    return _record(photo, maker, (note,)) | {"status": "skipped"}


def read_record(text: str) -> Record:
    """Read a record's JSON; what an older showtell did not tell is empty."""
    return dict.fromkeys(FIELDS) | {"concepts": []} | json.loads(text)


def is_uncertain(record: Record) -> bool:
    """Tell whether a caption's confidence was too low for it to be written beside the photo."""
    return any(note["code"] == "uncertain" for note in record["notes"] or ())


def failure(code: str, message: str) -> Record:
    """What a record says of an error."""
    return {"status": "error", "error": {"code": code, "message": utf8_name(message)}}


def _record(photo: Photo, maker: Maker, notes: tuple[Note, ...] = ()) -> Record:
    empty: Record = dict.fromkeys(FIELDS)
    return empty | {
        "path": utf8_name(photo.name),
        "candidates": [],
        "concepts": [],
        "model": maker.model._asdict(),
        "decoding": asdict(maker.decoding),
        "elapsed_ms": 0.0,
        "notes": [note._asdict() for note in notes],
    }


def utf8_name(name: str) -> str:
    r"""Write the bytes of a file name that are not UTF-8 as \xNN, so that JSON can hold it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
