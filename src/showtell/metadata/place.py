"""A place for a description, whichever it is: an XMP sidecar by its suffix, or else a photo."""

from pathlib import Path

from showtell.metadata.description import Description, Writing
from showtell.metadata.embed import clear_embedded, embed, read_embedded
from showtell.metadata.sidecar import SUFFIX, clear_sidecar, read_sidecar, write_sidecar


def is_sidecar(place: Path) -> bool:
    """Tell by its name whether a file is an XMP sidecar."""
    return place.suffix.lower() == SUFFIX


def read_place(place: Path) -> Description | None:
    """See `read_sidecar` and `read_embedded`."""
    return read_sidecar(place) if is_sidecar(place) else read_embedded(place)


def write_place(place: Path, writing: Writing, *, instead_of_ours: bool = False) -> None:
    """See `write_sidecar` and `embed`."""
    write = write_sidecar if is_sidecar(place) else embed
    write(place, writing, instead_of_ours=instead_of_ours)


def clear_place(place: Path) -> bool:
    """See `clear_sidecar` and `clear_embedded`."""
    return (clear_sidecar if is_sidecar(place) else clear_embedded)(place)
