"""The files below a folder: one walk and one list of debris, for photo libraries and datasets."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

# What systems put among files: thumbnails of a Synology, forks of a Mac, bins.
_DEBRIS = frozenset(
    {"@eaDir", "#recycle", "@Recycle", "__MACOSX", "$RECYCLE.BIN", "lost+found"}
    | {"System Volume Information"}
)
# Insides of photo programs' own libraries, and what ExifTool keeps of files that it changed.
_OTHERS = re.compile(r".*(\.photoslibrary|\.aplibrary|\.lrdata|\.lrlibrary|\.\w+_original)", re.S)
_RUN_FILES = frozenset({"config.json", "log.jsonl"})  # a training run's folder holds both


def is_debris(name: str) -> bool:
    """Tell whether a walk passes over a file or folder of this name: hidden ones, among others."""
    return name.startswith(".") or name in _DEBRIS or bool(_OTHERS.fullmatch(name))


def holds_run(folder: Path) -> bool:
    """Tell whether a training run lies in a folder: its pictures and captions are a model's."""
    return all((folder / name).is_file() for name in _RUN_FILES)


def walk_files(root: Path, *, depth: int | None = None) -> Iterator[Path | OSError]:
    """Give the files below a folder, sorted in each folder; links are followed.

    Debris, training runs and links that lead in a circle are left out; the folder itself may be
    called, or be, anything.

    Args:
        depth: how many folders deep; 1 is the folder itself without those in it, None all.

    Yields:
        Files' paths, and in place of a folder that may not be read the error, which names it.
    """
    return _walk(root, depth, set(), is_root=True)


def _walk(
    folder: Path, depth: int | None, seen: set[str], *, is_root: bool
) -> Iterator[Path | OSError]:
    try:
        real = os.path.realpath(folder)
        if real in seen:  # a link led back
            return
        seen.add(real)
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        error.filename = str(folder)
        yield error
        return
    if not is_root and {entry.name for entry in inside} >= _RUN_FILES:
        return
    below = None if depth is None else depth - 1
    for entry in inside:
        if is_debris(entry.name):
            continue
        if not _is_folder(entry):
            yield folder / entry.name
        elif below != 0:
            yield from _walk(folder / entry.name, below, seen, is_root=False)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle of links
        return False
