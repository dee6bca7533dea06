"""Captions that a person should look at, and the person's choice written in their place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from showtell.batch.sidecars import xmp_sidecars
from showtell.errors import ShowtellError
from showtell.images import meant_as_picture
from showtell.metadata.description import Description, Writing
from showtell.metadata.place import clear_place, is_sidecar, read_place, write_place
from showtell.runtime.records import Photo


@dataclass(frozen=True)
class Doubt:
    """A caption of ours that is not sure."""

    photo: Path
    places: tuple[Path, ...]  # of the caption: XMP sidecars, the photo itself
    caption: str
    confidence: float


def find_doubts(photos: Iterable[Photo], *, below: float) -> Iterator[Doubt]:
    """Give the captions that we wrote, no person has edited, and of lower confidence.

    What cannot be read is passed over: `showtell metadata show` tells of it.
    """
    for photo in photos:
        path = photo.source
        if not isinstance(path, Path) or is_sidecar(path):
            continue
        places = [*xmp_sidecars(path), path]
        found = {place: described for place in places if (described := _ours(place, below))}
        if found and meant_as_picture(path):
            first = next(iter(found.values()))
            yield Doubt(path, tuple(found), first.caption or "", first.confidence or 0.0)


def settle(doubt: Doubt, text: str, person: str) -> None:
    """Write a person's sentence in place of ours, wherever it is; from now on it is the person's.

    Raises:
        MetadataError, OSError: it cannot be written.
    """
    for place in doubt.places:
        described = _read(place)
        theirs = described.persons_text if described else None
        whole = "\n".join(part for part in (theirs, text) if part)
        writing = Writing(text=whole, caption=None, writer=person, confidence=None)
        # Our alt text goes too, so that the person's takes its place.
        write_place(place, writing, instead_of_ours=True)


def reject(doubt: Doubt) -> None:
    """Take our caption out.

    Raises:
        MetadataError, OSError: it cannot be taken out.
    """
    for place in doubt.places:
        clear_place(place)


def _ours(place: Path, below: float) -> Description | None:
    """Give what a place says if our caption is in its text, and not sure."""
    found = _read(place)
    if not found or found.caption is None or found.confidence is None:
        return None
    is_in_text = found.text is not None and found.persons_text != found.text
    return found if is_in_text and found.confidence < below else None


def _read(place: Path) -> Description | None:
    try:
        return read_place(place)
    except (ShowtellError, OSError):
        return None
