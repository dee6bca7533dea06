"""From what the user named to the files that may be photos. Opens none of them."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from showtell.runtime.records import Photo
from showtell.walk import walk_files


def find_photos(paths: Sequence[Path], *, recursive: bool = True) -> Iterator[Photo]:
    """Give the files that are named, and those in folders that are named, sorted in each folder.

    What `walk_files` passes over is left out of a folder's walk; a file that was named is never
    left out. A pattern such as `*.jpg` that names no file is looked for. A folder that may not be
    read is given as a photo with that trouble.
    """
    expanded = [named for path in paths for named in expand(path)]
    for named in expanded:
        if _is_folder(named):
            # Of several folders each keeps its own place in a mirror, or they would mix.
            above = mirrored_name(named) if len(expanded) > 1 else ""
            for found in walk_files(named, depth=None if recursive else 1):
                yield _as_photo(found, named, above)
        else:
            yield Photo(named.as_posix(), named, mirrored_name(named))


def are_several(paths: Sequence[Path]) -> bool:
    """Tell whether more than one file or folder is named, so that each has its own in a mirror."""
    return sum(len(expand(path)) for path in paths) > 1


def is_one_file(paths: Sequence[Path]) -> bool:
    """Tell whether a single file is named, and no folder or pattern."""
    return len(paths) == 1 and not _is_folder(paths[0]) and expand(paths[0]) == [paths[0]]


def expand(path: Path) -> list[Path]:
    """Give what a pattern such as `*.jpg` stands for; the path itself where it is none."""
    text = str(path)
    if not glob.has_magic(text) or "\0" in text or (_may_exist(path) and path.exists()):
        return [path]
    return [Path(name) for name in sorted(glob.glob(text, recursive=True))] or [path]  # noqa: PTH207


def _is_folder(path: Path) -> bool:
    return _may_exist(path) and path.is_dir()


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


def _as_photo(found: Path | OSError, root: Path, above: str) -> Photo:
    if isinstance(found, OSError):
        folder = Path(found.filename)
        trouble = f"{folder}: the folder cannot be read ({found.strerror})"
        return Photo(folder.as_posix(), folder, trouble=trouble)
    inside = PurePosixPath(above, found.relative_to(root).as_posix())
    return Photo(found.as_posix(), found, str(inside), named=False)
