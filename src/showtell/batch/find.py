"""From what the user named to the files that may be photos. Opens none of them."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from showtell.runtime.records import Photo

# What systems put among photos: thumbnails of a Synology, forks of a Mac, bins.
DEBRIS = frozenset({"@eaDir", "__MACOSX", "$RECYCLE.BIN", "lost+found"})
# Insides of photo programs' own libraries, and what ExifTool keeps of files that it changed.
OTHERS = (".photoslibrary", ".aplibrary", ".lrdata", ".lrlibrary", "_original")


def find_photos(paths: Sequence[Path], *, recursive: bool = True) -> Iterator[Photo]:
    """Give the files that are named, and those in folders that are named, sorted in each folder.

    Hidden files, links that lead in a circle, and what systems put among photos are left out of a
    folder's walk; a file that was named is never left out. A pattern such as `*.jpg` that names no
    file is looked for. A folder that may not be read is given as a photo with that trouble.
    """
    expanded = [named for path in paths for named in expand(path)]
    for named in expanded:
        if _may_exist(named) and named.is_dir():
            # Of several folders each keeps its own place in a mirror, or they would mix.
            above = mirrored_name(named) if len(expanded) > 1 else ""
            for photo in _walk(named, named, set(), recursive=recursive):
                yield replace(photo, inside=str(PurePosixPath(above, photo.inside)))
        else:
            yield Photo(named.as_posix(), named, mirrored_name(named))


def is_left_out(name: str) -> bool:
    """Tell whether a walk passes over a file or folder of this name, unseen."""
    return name.startswith(".") or name in DEBRIS or name.endswith(OTHERS)


def count_files(paths: Sequence[Path], *, recursive: bool = True) -> int:
    """Count what `find_photos` gives."""
    return sum(1 for _ in find_photos(paths, recursive=recursive))


def expand(path: Path) -> list[Path]:
    """Give what a pattern such as `*.jpg` stands for; the path itself where it is none."""
    text = str(path)
    if not glob.has_magic(text) or "\0" in text or (_may_exist(path) and path.exists()):
        return [path]
    return [Path(name) for name in sorted(glob.glob(text, recursive=True))] or [path]  # noqa: PTH207


def _may_exist(path: Path) -> bool:
    """Tell whether the system can be asked about a path: not if it is too long, say."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return True


def mirrored_name(path: Path) -> str:
    """Where a file that was named lies in a mirror: as it was named, without leading out of it."""
    parts = Path(os.path.normpath(path)).parts
    return "/".join(part for part in parts if part not in (os.sep, "..", path.anchor))


def _walk(folder: Path, root: Path, seen: set[str], *, recursive: bool) -> Iterator[Photo]:
    try:
        real = os.path.realpath(folder)
        if real in seen:  # a link led back
            return
        seen.add(real)
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        trouble = f"{folder}: the folder cannot be read ({error.strerror})"
        yield Photo(folder.as_posix(), folder, trouble=trouble)
        return
    for entry in inside:
        if is_left_out(entry.name):
            continue
        path = folder / entry.name
        if _is_folder(entry):
            if recursive:
                yield from _walk(path, root, seen, recursive=recursive)
        else:
            yield Photo(path.as_posix(), path, path.relative_to(root).as_posix(), named=False)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle of links
        return False
