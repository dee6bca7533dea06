"""Photos as they arrive in folders, each when it is completely written."""

import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from showtell.batch.find import find_photos, mirrored_name
from showtell.batch.sidecars import forget_folders
from showtell.batch.stamp import Stamp, stamp_of
from showtell.extras import require_extra
from showtell.runtime.records import Photo
from showtell.walk import holds_run, is_debris, walk_files

SETTLED_S = 1.5  # a file that has not changed for so long is taken for completely written
TICK_MS = 250


def arrivals(
    folders: Sequence[Path],
    *,
    recursive: bool,
    alone: bool,
    known: Callable[[str], bool],
    should_stop: Callable[[], bool],
    tell: Callable[[str], None] = lambda message: None,
    settled_s: float = SETTLED_S,
) -> Iterator[list[Photo]]:
    """Give photos that were written since the last time, until asked to stop.

    A folder that is gone is waited for.

    Args:
        alone: whether no other path was named: see `find_photos`.
        known: whether a photo of this name needs no look: what came before the watch began.
        tell: called with a line when a folder goes, and when it is there again.

    Raises:
        MissingExtraError: watchfiles is not installed.
    """
    require_extra("watch", purpose="--watch")
    waiting: dict[Path, _Waiting] = {}
    given: dict[Path, Stamp | None] = {}
    for changed in _changes(folders, recursive, known, should_stop, tell):
        for path in changed:
            for file in _files_in(path):
                waiting[file] = _Waiting(stamp_of(file), time.monotonic())
        settled = _settled(waiting, settled_s)
        fresh = [path for path, stamp in settled.items() if given.get(path) != stamp]
        photos = [photo for path in fresh for photo in _as_photo(path, folders, recursive, alone)]
        if photos:
            forget_folders()
            yield photos
        given |= {path: stamp_of(path) for path in fresh}  # a caption may be embedded by now


def _changes(
    folders: Sequence[Path],
    recursive: bool,
    known: Callable[[str], bool],
    should_stop: Callable[[], bool],
    tell: Callable[[str], None],
) -> Iterator[set[Path]]:
    """Give the paths that were added or changed, every tick, perhaps none.

    The system tells of a folder, wherever it is by now, and not of the place that we were given:
    when another folder, or none, is there, the watch is begun anew.
    """
    before: _Found = {}
    while not should_stop():
        found = _find(folders)
        _tell_of_folders(before, found, tell)
        before = found
        there = [folder for folder, identity in found.items() if identity]
        if not there:
            time.sleep(TICK_MS / 1000)
            yield set()
            continue
        for tick, changed in enumerate(_ticks(there, recursive)):
            if should_stop():
                return
            if tick == 0:  # from now on nothing is missed
                photos = find_photos(there, recursive=recursive)
                changed |= {Path(photo.name) for photo in photos if not known(photo.name)}
            yield {path.absolute() for path in changed}
            if _find(folders) != found:
                break


def _ticks(folders: Sequence[Path], recursive: bool) -> Iterator[set[Path]]:
    from watchfiles import Change, watch

    try:
        changes = watch(
            *folders,
            recursive=recursive,
            watch_filter=None,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        for changed in changes:
            yield {Path(name) for change, name in changed if change != Change.deleted}
    except FileNotFoundError:  # a folder went before it was watched
        time.sleep(TICK_MS / 1000)


_Found = dict[Path, tuple[int, int] | None]  # folders by what tells one from another in its place


def _find(folders: Sequence[Path]) -> _Found:
    return {folder: _identity(folder) for folder in folders}


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _tell_of_folders(before: _Found, now: _Found, tell: Callable[[str], None]) -> None:
    for folder, identity in now.items():
        if identity is None and before.get(folder, True):
            tell(f"{folder}: the folder is gone; waiting for it to come back")
        elif folder in before and before[folder] is None and identity:
            tell(f"{folder}: the folder is there again")
        elif folder in before and before[folder] != identity:
            tell(f"{folder}: another folder has taken its place")


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
    if path.is_symlink() and path.resolve() in path.parents:  # a link led back
        return []
    return [found for found in walk_files(path) if isinstance(found, Path)]


def _as_photo(path: Path, folders: Sequence[Path], recursive: bool, alone: bool) -> Iterator[Photo]:
    """Name a file as a walk of the folders would; nothing where a walk would leave it out."""
    for folder in folders:
        if not path.is_relative_to(folder.absolute()):
            continue
        inside = path.relative_to(folder.absolute())
        if _is_walked(folder, inside, recursive) and path.is_file():
            named = folder / inside
            mirrored = inside if alone else PurePosixPath(mirrored_name(folder), inside)
            yield Photo(named.as_posix(), named, mirrored.as_posix(), named=False)
            return


def _is_walked(folder: Path, inside: Path, recursive: bool) -> bool:
    """Tell by the path to a file below a folder whether a walk of the folder finds it."""
    between = inside.parents[:-1]
    if between and not recursive:
        return False
    if any(is_debris(part) for part in inside.parts):
        return False
    return not any(holds_run(folder / one) for one in between)
