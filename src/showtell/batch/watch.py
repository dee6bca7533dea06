"""Photos as they arrive in folders, each when it is completely written."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from showtell.batch.destinations import forget_folders
from showtell.batch.find import find_photos, is_left_out, mirrored_name
from showtell.batch.stamp import Stamp, stamp_of
from showtell.extras import require_extra
from showtell.runtime.records import Photo

SETTLED_S = 1.5  # a file that has not changed for so long is taken for completely written
TICK_MS = 250


def arrivals(
    folders: Sequence[Path],
    *,
    recursive: bool,
    alone: bool,
    known: Callable[[str], bool],
    should_stop: Callable[[], bool],
    settled_s: float = SETTLED_S,
) -> Iterator[list[Photo]]:
    """Give photos that were written since the last time, until asked to stop.

    Args:
        alone: whether no other path was named: see `find_photos`.
        known: whether a photo of this name needs no look: what came before the watch began.

    Raises:
        MissingExtraError: watchfiles is not installed.
    """
    require_extra("watch", purpose="--watch")
    from watchfiles import Change, watch

    waiting: dict[Path, _Waiting] = {}
    given: dict[Path, Stamp | None] = {}
    changes = watch(
        *folders,
        recursive=recursive,
        watch_filter=None,
        rust_timeout=TICK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for tick, changed in enumerate(changes):
        if should_stop():
            return
        if tick == 0:  # from now on nothing is missed
            names = {photo.name for photo in find_photos(folders, recursive=recursive)}
            changed = changed | {(Change.added, name) for name in names if not known(name)}
        for change, name in changed:
            if change != Change.deleted:
                for path in _files_in(Path(name).absolute()):
                    waiting[path] = _Waiting(stamp_of(path), time.monotonic())
        settled = _settled(waiting, settled_s)
        fresh = [path for path, stamp in settled.items() if given.get(path) != stamp]
        photos = [photo for path in fresh for photo in _as_photo(path, folders, alone)]
        if photos:
            forget_folders()
            yield photos
        given |= {path: stamp_of(path) for path in fresh}  # a caption may be embedded by now


class _Waiting(NamedTuple):
    """A file that may still be in the writing."""

    stamp: Stamp | None
    since: float  # when it became so, seconds of the monotonic clock


def _settled(waiting: dict[Path, _Waiting], settled_s: float) -> dict[Path, Stamp]:
    """Take out the files that have stayed as they are for long enough, and those that are gone."""
    now = time.monotonic()
    settled: dict[Path, Stamp] = {}
    for path, (stamp, since) in list(waiting.items()):
        current = stamp_of(path)
        if current is None:
            del waiting[path]
        elif current != stamp or not current.size:
            waiting[path] = _Waiting(current, now)
        elif now - since >= settled_s:
            settled[path] = current
            del waiting[path]
    return settled


def _files_in(path: Path) -> list[Path]:
    """Give a file, or the files of a folder that was moved in as a whole."""
    if not path.is_dir():
        return [path]
    return [photo.source for photo in find_photos([path]) if isinstance(photo.source, Path)]


def _as_photo(path: Path, folders: Sequence[Path], alone: bool) -> Iterator[Photo]:
    """Name a file as a walk of its folder would; nothing where a walk would leave it out."""
    absolute = path.absolute()
    for folder in folders:
        if absolute.is_relative_to(folder.absolute()):
            inside = absolute.relative_to(folder.absolute())
            if path.is_file() and not any(is_left_out(part) for part in inside.parts):
                named = folder / inside
                mirrored = inside if alone else PurePosixPath(mirrored_name(folder), inside)
                yield Photo(named.as_posix(), named, mirrored.as_posix(), named=False)
            return
