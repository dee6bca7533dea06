"""No two files in one place: sidecars of different photos, or a sidecar and the records' file."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from showtell.batch.destinations import Destination
from showtell.errors import ConfigError, ShowtellError
from showtell.images import meant_as_picture
from showtell.runtime.records import Photo


class Places:
    """Remembers for which photo each place is."""

    def __init__(
        self, destinations: Sequence[Destination], *, out: Path | None, several: bool
    ) -> None:
        """Begin with the place of the records.

        Args:
            out: the file that records go to.
            several: whether several paths were named, whose mirrors may meet in one folder.
        """
        self._destinations, self._out = destinations, out
        self._mirrored = [one for one in destinations if several and one.directory]
        self._taken: dict[Path, Path] = {}  # photo by place

    def conflict(self, photo: Photo) -> str | None:
        """Say what keeps a photo's sidecars from having places of their own, and take those."""
        source = photo.source
        if photo.trouble or not isinstance(source, Path):
            return None
        try:
            found = self._with_out(photo, source) or self._with_another(photo, source)
        except (ShowtellError, OSError, ValueError):  # it cannot be read: its record will say so
            return None
        return found if found and (photo.named or meant_as_picture(source)) else None

    def _with_out(self, photo: Photo, source: Path) -> str | None:
        if not self._out:
            return None
        if _is_same(source, self._out):
            return f"--out {self._out} is one of the photos; give another"
        names = (name for one in self._destinations for name in _possible(one, photo))
        if any(_is_same(name, self._out) for name in names):
            return f"--out {self._out} is where the sidecar of {source} goes; give another"
        return None

    def _with_another(self, photo: Photo, source: Path) -> str | None:
        for destination in self._mirrored:
            place = destination.place(photo)
            other = self._taken.setdefault(place, source)
            if place != source and other != source and not _is_one_file(other, source):
                return (
                    f"{other} and {source} would share the sidecar {place}; caption one after the "
                    "other, each with a --sidecar-dir of its own, or name a folder that holds both"
                )
        return None


def check_places(photos: Iterable[Photo], places: Places) -> int:
    """Refuse photos that would share a place, and count them all.

    Raises:
        ConfigError: two would, or one with the records.
    """
    count = 0
    for count, photo in enumerate(photos, start=1):  # noqa: B007 - counted
        if conflict := places.conflict(photo):
            raise ConfigError(conflict)
    return count


def _possible(destination: Destination, photo: Photo) -> list[Path]:
    """Give the names of a sidecar that a run may write, whatever is there by then."""
    names = destination.names(photo)
    return names if destination.kind in ("xmp", "embed") else names[:1]


def _is_same(one: Path, other: Path) -> bool:
    """Tell whether two paths, of files that need not be there, lead to one place."""
    if one.name.casefold() != other.name.casefold():  # nearly all, without a look at the disk
        return False
    return os.path.realpath(one.parent) == os.path.realpath(other.parent)


def _is_one_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
