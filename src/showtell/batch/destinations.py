"""Where captions go beside their photos: text, JSON and XMP sidecars, and the photos themselves.

What is written is decided first, as a `Write`, and carried out later; carrying it out twice is the
same as once.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from showtell.batch.sidecars import Naming, described, sidecar_names, xmp_sidecars
from showtell.batch.stamp import Stamp, stamp_of
from showtell.errors import DataError, ImageError, ShowtellError
from showtell.files import is_file, sha256_hex, to_json, write_atomically
from showtell.metadata.description import Description, Writing
from showtell.metadata.embed import embed, read_embedded, takes_metadata
from showtell.metadata.sidecar import read_sidecar, write_sidecar
from showtell.runtime.records import Photo, Record

OnExisting = Literal["skip", "overwrite", "append", "prepend", "error"]
Kind = Literal["txt", "json", "xmp", "embed"]
Write = dict[str, Any]  # {"kind", "path", "was", "photo", "text" or "writing"}; JSON


@dataclass(frozen=True, kw_only=True)
class Destination:
    """One place for the captions of all photos."""

    kind: Kind  # embed: into the photo where its format allows it, or else an XMP sidecar
    directory: Path | None = None  # sidecars mirror the tree there; None: beside their photos
    naming: Naming = "full"  # IMG.jpg.txt, or IMG.txt
    extension: str = ""  # of sidecars, with its dot; "": the kind's

    def place(self, photo: Photo) -> Path:
        """Give the file to write: an XMP sidecar that is there under another name is the one."""
        source = path_of(photo)
        kind = self._kind_for(source)
        if kind == "embed":
            return source
        if kind == "xmp":
            there = xmp_sidecars(source, naming=self.naming, mirror=self._mirror(photo))
            if there:
                return there[0]
        return self.names(photo)[0]

    def names(self, photo: Photo) -> list[Path]:
        """Give the names that a photo's sidecar may have; embedding may have to write one, too."""
        suffix = self.extension or (".xmp" if self.kind == "embed" else f".{self.kind}")
        mirror = self._mirror(photo)
        return sidecar_names(path_of(photo), suffix, naming=self.naming, mirror=mirror)

    def folder(self, photo: Photo) -> Path:
        """Give the folder of the file to write."""
        return (self._mirror(photo) or path_of(photo)).parent

    def existing(self, photo: Photo) -> str | None:
        """Give the words that are there already; None where there are none.

        Raises:
            ShowtellError: what is there cannot be read, so it must not be written over.
        """
        place = self.place(photo)
        match self._kind_for(path_of(photo)):
            case "txt":
                return _read(place)
            case "json":
                return _words_of_json(place) if is_file(place) else None
            case _:
                found = described(path_of(photo), place)
                return found.text if found else None

    def plan(self, photo: Photo, record: Record, writer: str, mode: OnExisting) -> Write:
        """Say what to write of a record.

        Raises:
            ShowtellError: what is there cannot be added to.
        """
        place, caption = self.place(photo), record["caption"]
        kind = self._kind_for(path_of(photo))
        write: Write = {"kind": kind, "path": str(place.absolute()), "was": None}
        write["photo"] = str(path_of(photo).absolute())
        if kind != "embed":
            write["was"] = _hash_of(place)  # an embedded caption has the photo's stamp instead
        if kind == "txt":
            return write | {"text": combine(_read(place), caption, mode) + "\n"}
        if kind == "json":
            there = _record_in(place) if is_file(place) and mode != "overwrite" else {}
            text = combine(there.get("caption"), caption, mode)
            return write | {"text": to_json(there | record | {"caption": text}).decode()}
        found = described(path_of(photo), place)
        writing = Writing(
            text=combine(found.persons_text if found else None, caption, mode),
            caption=caption,
            writer=writer,
            confidence=record["confidence"],
        )
        return write | {"writing": asdict(writing)}

    def is_missing(self, photo: Photo) -> bool:
        """Tell whether a photo that was captioned has no sidecar here and should have one."""
        try:
            return self._kind_for(path_of(photo)) != "embed" and not is_file(self.place(photo))
        except (ShowtellError, OSError):
            return False  # a photo that cannot be read any more gets no new one

    def _mirror(self, photo: Photo) -> Path | None:
        return self.directory / photo.inside if self.directory else None

    def _kind_for(self, source: Path) -> Kind:
        return "xmp" if self.kind == "embed" and not takes_metadata(source) else self.kind


def carry_out(write: Write, stamp: Stamp | None) -> Stamp | None:
    """Write what was planned, whole or not at all; a second time changes nothing.

    Args:
        stamp: the photo's, of when it was captioned.

    Returns:
        The photo's stamp now: embedding changes its file.

    Raises:
        OSError: it cannot be written.
        ShowtellError: what is there cannot be merged with, or it or the photo is not what it was
            when this was planned.
    """
    path, photo = Path(write["path"]), Path(write["photo"])
    if not photo.exists():
        raise ImageError(f"{photo} went before its caption was written", "replaced")
    if not is_file(path) and os.path.lexists(path):  # a pipe would be waited for
        raise ImageError(f"{path} is there and no file", "write")
    if write["kind"] == "embed":
        writing = Writing(**write["writing"])
        if stamp_of(path) != stamp and not _carries(read_embedded(path), writing):
            raise ImageError(f"{path} was replaced after it was captioned", "replaced")
        embed(path, writing)
        return stamp_of(path)
    if _hash_of(path) == write["was"]:
        _write_sidecar(path, write)
    elif not _is_carried_out(path, write):
        raise ImageError(f"{path} was changed by somebody before it was written", "replaced")
    return stamp


def _write_sidecar(path: Path, write: Write) -> None:
    if "text" in write:
        write_atomically(path, write["text"].encode("utf-8", "surrogateescape"))
    else:
        write_sidecar(path, Writing(**write["writing"]))


def _is_carried_out(path: Path, write: Write) -> bool:
    """Tell whether a run that was killed had written a sidecar already."""
    if not is_file(path):
        return False
    if "text" in write:
        return path.read_bytes() == write["text"].encode("utf-8", "surrogateescape")
    return _carries(read_sidecar(path), Writing(**write["writing"]))


def _carries(found: Description | None, writing: Writing) -> bool:
    return found is not None and (found.caption, found.text) == (writing.caption, writing.text)


def combine(existing: str | None, caption: str, mode: OnExisting) -> str:
    """Put a caption with the words that are there; one that is there already is not put twice."""
    if mode == "overwrite" or not existing:
        return caption
    lines = existing.split("\n")
    if caption in (lines[0], lines[-1]):
        return existing
    return f"{caption}\n{existing}" if mode == "prepend" else f"{existing}\n{caption}"


def path_of(photo: Photo) -> Path:
    """Give the file of a photo that is one."""
    assert isinstance(photo.source, Path), "the command line refuses destinations for stdin"
    return photo.source


def _read(path: Path) -> str | None:
    """Give the words of a text sidecar, but for the last line's end.

    Raises:
        DataError: it is no text in UTF-8, so nothing can be added to it.
    """
    if not is_file(path):
        return None
    data = path.read_bytes()
    if b"\0" in data:
        raise DataError(f"{path} is there and no text in UTF-8")
    text = data.decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").removesuffix("\r") if text.strip() else None


def _words_of_json(path: Path) -> str:
    try:
        return str(_record_in(path)["caption"] or "")
    except DataError:
        return "a file that is no record of showtell"


def _record_in(path: Path) -> Record:
    """Read a JSON sidecar.

    Raises:
        DataError: it is no record of ours; somebody else's file must not be replaced.
    """
    try:
        found = json.loads(path.read_bytes())
        if {"path", "caption", "model", "status"} <= set(found):
            return dict(found)
    except (ValueError, TypeError):
        pass
    raise DataError(f"{path} is there and no record of showtell")


def _hash_of(path: Path) -> str | None:
    """Give the hash of a sidecar, which is small; None where there is none."""
    return sha256_hex(path.read_bytes()) if is_file(path) else None
