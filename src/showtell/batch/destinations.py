"""Where captions go beside their photos: text, JSON and XMP sidecars, and the photos themselves.

What is written is decided first, as a `Write`, and carried out later; carrying it out twice is the
same as once.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from showtell.batch.stamp import Stamp, stamp_of
from showtell.errors import DataError, ImageError, ShowtellError
from showtell.files import is_file, sha256_hex, to_json, write_atomically
from showtell.images import PICTURE_SUFFIXES, told_by
from showtell.metadata.description import Description, Writing, by_person, said
from showtell.metadata.embed import embed, read_embedded, takes_metadata
from showtell.metadata.sidecar import existing_xmp_sidecar, read_sidecar, write_sidecar
from showtell.metadata.xmp import read_xmp
from showtell.runtime.records import Photo, Record

OnExisting = Literal["skip", "overwrite", "append", "prepend", "error"]
Kind = Literal["txt", "json", "xmp", "embed"]
Naming = Literal["full", "stem"]
Write = dict[str, Any]  # {"kind", "path", "was", "photo", "text" or "writing"}; JSON


@dataclass(frozen=True, kw_only=True)
class Destination:
    """One place for the captions of all photos."""

    kind: Kind  # embed: into the photo where its format allows it, or else an XMP sidecar
    directory: Path | None = None  # sidecars mirror the tree there; None: beside their photos
    naming: Naming = "full"  # IMG.jpg.txt, or IMG.txt
    extension: str = ""  # of sidecars, with its dot; "": the kind's

    def place(self, photo: Photo) -> Path:
        """Give the file to write.

        Pictures that share a stem get sidecars of their full names, whatever `naming` says, and so
        does one whose suffix is not a picture's. An XMP sidecar that is there under another name
        is the one to write, first of all one that says something.
        """
        source = path_of(photo)
        kind = self._kind_for(source)
        if kind == "embed":
            return source
        base = self.directory / photo.inside if self.directory else source
        suffix = self.extension or f".{kind}"
        full, stem = (base.with_name(name + suffix) for name in (base.name, base.stem))
        names = [full, stem] if self.naming == "full" else [stem, full]
        if shares_stem(source):
            names = [full]
        return names[0] if kind != "xmp" else _sidecar_there(names) or names[0]

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
                described = self._described(photo)
                return described.text if described else None

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
        described = self._described(photo)
        writing = Writing(
            text=combine(described.persons_text if described else None, caption, mode),
            caption=caption,
            writer=writer,
            confidence=record["confidence"],
        )
        return write | {"writing": asdict(writing)}

    def is_missing(self, photo: Photo) -> bool:
        """Tell whether a photo has no sidecar here; what is embedded is not looked for."""
        return self.kind != "embed" and not is_file(self.place(photo))

    def _kind_for(self, source: Path) -> Kind:
        return "xmp" if self.kind == "embed" and not takes_metadata(source) else self.kind

    def _described(self, photo: Photo) -> Description | None:
        """Give the description in the place to write, or else a person's elsewhere.

        Elsewhere is the photo itself for a sidecar, and a sidecar beside the photo for itself.
        """
        source, place = path_of(photo), self.place(photo)
        if place == source:
            here, elsewhere = read_embedded(source), _of_sidecar(existing_xmp_sidecar(source))
        else:
            here, elsewhere = _of_sidecar(place), _of_photo(source)
        if here is not None and here.text:
            return here
        return elsewhere if elsewhere and elsewhere.by_person else here


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


def shares_stem(photo: Path) -> bool:
    """Tell whether a sidecar of a photo's stem might be taken for another's.

    Another picture in the folder has its name but for the suffix, or it has no picture's suffix.
    """
    is_usual = photo.suffix.lower() in PICTURE_SUFFIXES
    return not is_usual or _stems(photo.parent)[photo.stem.casefold()] > 1


def forget_folders() -> None:
    """Look at folders anew: files have come."""
    _stems.cache_clear()


@lru_cache(maxsize=64)
def _stems(folder: Path) -> Counter[str]:
    names = os.listdir(folder)  # noqa: PTH208 - a Path for each would cost more than the list
    split = (os.path.splitext(name) for name in names)  # noqa: PTH122
    may_be = (*PICTURE_SUFFIXES, "")  # pictures are known by content: one may have no suffix
    return Counter(stem.casefold() for stem, suffix in split if suffix.lower() in may_be)


def path_of(photo: Photo) -> Path:
    """Give the file of a photo that is one."""
    assert isinstance(photo.source, Path), "the command line refuses destinations for stdin"
    return photo.source


def _sidecar_there(names: Sequence[Path]) -> Path | None:
    """Choose among XMP sidecars that are there, in capitals too: one that says something first."""
    both = (path for name in names for path in (name, name.with_suffix(name.suffix.upper())))
    there = [path for path in both if is_file(path)]
    if len(there) <= 1:
        return there[0] if there else None
    return next((path for path in there if read_sidecar(path).text), there[0])


def _of_sidecar(path: Path | None) -> Description | None:
    return read_sidecar(path) if path and is_file(path) else None


def _of_photo(path: Path) -> Description | None:
    """Give what a photo that is not written to says; its metadata need not be sound."""
    try:
        if (embedded := read_embedded(path)) is not None:
            return embedded
        xmp, text = told_by(path)
        described = read_xmp(xmp) if xmp else None
    except (ShowtellError, OSError):
        return None
    return described if described and described.text else by_person(said(text))


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
