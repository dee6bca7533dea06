"""Where captions go beside their photos: text, JSON and XMP sidecars, and the photos themselves.

What is written is decided first, as a `Write`, and carried out later; carrying it out twice is the
same as once.
"""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from showtell.batch.stamp import Stamp, stamp_of
from showtell.errors import DataError, ImageError, MetadataError
from showtell.files import to_json, write_atomically
from showtell.images import PICTURE_SUFFIXES
from showtell.metadata.description import Description, Writing
from showtell.metadata.embed import can_embed, embed, read_embedded
from showtell.metadata.sidecar import read_sidecar, write_sidecar
from showtell.runtime.records import Photo, Record

OnExisting = Literal["skip", "overwrite", "append", "prepend", "error"]
Kind = Literal["txt", "json", "xmp", "embed"]
Naming = Literal["full", "stem"]
Write = dict[str, Any]  # {"kind", "path", "text" or "writing"}; JSON, as the journal keeps it


@dataclass(frozen=True, kw_only=True)
class Destination:
    """One place for the captions of all photos."""

    kind: Kind  # embed: into the photo where its format allows it, or else an XMP sidecar
    directory: Path | None = None  # sidecars mirror the tree there; None: beside their photos
    naming: Naming = "full"  # IMG.jpg.txt, or IMG.txt
    extension: str = ""  # of sidecars, with its dot; "": the kind's

    def place(self, photo: Photo) -> Path:
        """Give the file to write.

        Photos that share a stem get sidecars of their full names, whatever `naming` says. An XMP
        sidecar that is there under the other name is the one to write.
        """
        source = _path_of(photo)
        kind = self._kind_for(source)
        if kind == "embed":
            return source
        base = self.directory / photo.inside if self.directory else source
        suffix = self.extension or f".{kind}"
        full, stem = (base.with_name(name + suffix) for name in (base.name, base.stem))
        if shares_stem(source):
            return full
        chosen, other = (full, stem) if self.naming == "full" else (stem, full)
        return other if kind == "xmp" and other.exists() and not chosen.exists() else chosen

    def existing(self, photo: Photo) -> str | None:
        """Give the words that are there already; None where there are none.

        Raises:
            ShowtellError: what is there cannot be read, so it must not be written over.
        """
        match self._kind_for(_path_of(photo)):
            case "txt":
                return _read(self.place(photo))
            case "json":
                place = self.place(photo)
                return _caption_in(place) or "{}" if place.is_file() else None
            case _:
                described = self._described(photo)
                return described.text if described else None

    def plan(self, photo: Photo, record: Record, writer: str, mode: OnExisting) -> Write:
        """Say what to write of a record."""
        place, caption = self.place(photo), record["caption"]
        kind = self._kind_for(_path_of(photo))
        write: Write = {"kind": kind, "path": str(place.absolute())}
        if kind == "txt":
            return write | {"text": combine(_read(place), caption, mode) + "\n"}
        if kind == "json":
            text = combine(_caption_in(place) if place.is_file() else None, caption, mode)
            return write | {"text": to_json(record | {"caption": text}).decode()}
        described = self._described(photo)
        writing = Writing(
            text=combine(described.persons_text if described else None, caption, mode),
            caption=caption,
            writer=writer,
            confidence=record["confidence"],
        )
        return write | {"writing": asdict(writing)}

    def _kind_for(self, source: Path) -> Kind:
        return "xmp" if self.kind == "embed" and not _takes_metadata(source) else self.kind

    def _described(self, photo: Photo) -> Description | None:
        """Give the description in the place to write, or else a person's in the photo itself."""
        source, place = _path_of(photo), self.place(photo)
        if place != source and place.is_file() and (described := read_sidecar(place)).text:
            return described
        if place == source:
            return read_embedded(source)
        try:
            embedded = read_embedded(source)
        except MetadataError:  # the photo is not written to: its metadata need not be sound
            return None
        return embedded if embedded and embedded.by_person else None


def carry_out(write: Write, stamp: Stamp | None) -> Stamp | None:
    """Write what was planned, whole or not at all.

    Args:
        stamp: the photo's, of when it was captioned.

    Returns:
        The photo's stamp now: embedding changes its file.

    Raises:
        OSError: it cannot be written.
        ShowtellError: what is there already cannot be merged with, or the photo was replaced.
    """
    path = Path(write["path"])
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ImageError(f"{path} is there and no file", "write")
    if "text" in write:
        write_atomically(path, write["text"].encode("utf-8", "surrogateescape"))
        return stamp
    writing = Writing(**write["writing"])
    if write["kind"] == "xmp":
        write_sidecar(path, writing)
        return stamp
    if stamp_of(path) != stamp and not _carries(path, writing):
        raise ImageError(f"{path} was replaced after it was captioned", "replaced")
    embed(path, writing)
    return stamp_of(path)


def _carries(path: Path, writing: Writing) -> bool:
    """Tell whether a run that was killed had embedded a caption already."""
    found = read_embedded(path)
    return found is not None and found.caption == writing.caption


def combine(existing: str | None, caption: str, mode: OnExisting) -> str:
    """Put a caption with the words that are there; one that is there already is not put twice."""
    if mode == "overwrite" or not existing:
        return caption
    lines = existing.split("\n")
    if caption in (lines[0], lines[-1]):
        return existing
    return f"{caption}\n{existing}" if mode == "prepend" else f"{existing}\n{caption}"


def shares_stem(photo: Path) -> bool:
    """Tell whether another picture in its folder has a photo's name but for the suffix."""
    return _stems(photo.parent)[photo.stem] > 1


def forget_folders() -> None:
    """Look at folders anew: files have come."""
    _stems.cache_clear()


@lru_cache(maxsize=64)
def _stems(folder: Path) -> Counter[str]:
    names = os.listdir(folder)  # noqa: PTH208 - a Path for each would cost more than the list
    split = (os.path.splitext(name) for name in names)  # noqa: PTH122
    return Counter(stem for stem, suffix in split if suffix.lower() in PICTURE_SUFFIXES)


def _path_of(photo: Photo) -> Path:
    assert isinstance(photo.source, Path), "the command line refuses destinations for stdin"
    return photo.source


def _takes_metadata(path: Path) -> bool:
    with path.open("rb") as file:
        return can_embed(file.read(64))


def _read(path: Path) -> str | None:
    if not path.is_file():
        return None
    return path.read_text("utf-8", errors="surrogateescape").strip() or None


def _caption_in(path: Path) -> str | None:
    """Give the caption of a JSON sidecar.

    Raises:
        DataError: it is none; somebody else's file must not be replaced.
    """
    try:
        found = json.loads(path.read_bytes())
        return str(found["caption"] or "") or None
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} is there and no record of showtell") from error
