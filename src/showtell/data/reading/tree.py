"""The files below a folder, and which of its images a caption file means. Opens none of them.

An image's id is its path below the folder, with `/` between the parts on every system and accents
composed (NFC), as a Mac may give them apart: an id is the same wherever the folder is copied to.
"""

import os
import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from unicodedata import normalize

from showtell.data.reading.splits import split_in_name
from showtell.data.records import ImageFile
from showtell.errors import DataError, first_few
from showtell.suffixes import READABLE_SUFFIXES
from showtell.walk import holds_run, walk_files

Known = tuple[Sequence[str], str]  # the parts of an image's path, and its id


@dataclass(frozen=True)
class Tree:
    """Files below `root` by their path there, sorted."""

    root: Path
    images: dict[str, ImageFile]
    others: tuple[str, ...]

    def path(self, name: str) -> Path:
        """Give the place of one of the others on disk."""
        return self.root / name


def add_outside(tree: Tree, file: Path, names: Sequence[str]) -> str | None:
    """Take in a picture that a caption file names by a path which leads out of the tree.

    Returns:
        Its id, which is that path, absolute; None if no name leads to such a picture.
    """
    for name in names:
        if is_image(name) and (Path(name).is_absolute() or ".." in PurePosixPath(name).parts):
            path = Path(os.path.normpath((file.parent / name).absolute()))
            if path.is_file() and not path.is_relative_to(tree.root.absolute()):
                image_id = normalize("NFC", path.as_posix())
                tree.images[image_id] = ImageFile(path)
                return image_id
    return None


def walk(root: Path) -> Tree:
    """List what lies below a folder, as `walk_files` finds it; in that of a training run, nothing.

    Raises:
        DataError: a folder cannot be read, or the name of an image is not UTF-8.
    """
    images: dict[str, ImageFile] = {}
    others: list[str] = []
    for path in () if holds_run(root) else walk_files(root):
        if isinstance(path, OSError):
            raise DataError(f"cannot read the dataset folder: {path}") from path
        name = path.relative_to(root).as_posix()
        if not is_image(name):
            others.append(name)
            continue
        image_id = normalize("NFC", name)
        if not _is_utf8(name) or image_id in images:
            raise DataError(
                f"{root} holds {name!r}, whose name is not UTF-8 or that of another; rename it"
            )
        images[image_id] = ImageFile(path)
    return Tree(root, dict(sorted(images.items())), tuple(sorted(others)))


def pictures_in(folder: Path) -> list[ImageFile]:
    """Return the pictures below a folder that need no captions.

    Raises:
        DataError: it is no folder, holds no picture, or is one that `walk` refuses.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder of photos")
    files = list(walk(folder).images.values())
    if not files:
        raise DataError(f"{folder} holds no photo")
    return files


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_image(name: str) -> bool:
    """Tell by the suffix whether a file is meant to be a picture."""
    return name.lower().endswith(READABLE_SUFFIXES)


class ImageNames:
    """The images of a tree, by whatever a caption file calls them.

    A file may have been written elsewhere, with paths that hold there: `C:\\photos\\a.jpg`. The
    image is the one whose path has the most last parts in common with that, at least the name.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._by_folded: dict[str, list[str]] = {}  # by the whole path, in whatever case
        # By the last part, in whatever case, with its suffix and without.
        self._by_name: dict[str, list[Known]] = {}
        self._by_stem: dict[str, list[Known]] = {}
        for image_id in sorted(self._ids):
            path = PurePosixPath(image_id)
            self._by_folded.setdefault(image_id.casefold(), []).append(image_id)
            self._by_name.setdefault(path.name.casefold(), []).append((path.parts, image_id))
            without = path.with_suffix("")
            self._by_stem.setdefault(without.name.casefold(), []).append((without.parts, image_id))

    def find(
        self, names: Sequence[str], *, folder: str, where: str, split: str | None = None
    ) -> str | None:
        """Find the image that goes by these names.

        Args:
            names: those with the suffix of a picture count; only where none has one, all do.
            folder: of the caption file, to which its paths are relative, unless they are not.
            where: the file, for the message.
            split: decides between images of one name in folders called by their splits.

        Raises:
            DataError: the names could mean several images.
        """
        paths = [name for name in names if is_image(name)]
        known = self._by_name if paths else self._by_stem
        tried = sorted((parts_of(name) for name in paths or names), key=len, reverse=True)
        places = [posixpath.normpath(posixpath.join(folder, *parts)) for parts in tried]
        for place in places:
            if place in self._ids:
                return place
        for place in places:
            if len(found := self._by_folded.get(place.casefold(), [])) == 1:
                return found[0]
        for parts in tried:
            if parts and parts[-1].casefold() in known:
                return _nearest(parts, known[parts[-1].casefold()], where, split)
        return None


def parts_of(name: str) -> tuple[str, ...]:
    """Split the path of an image at / and at \\, without a drive or root."""
    path = PureWindowsPath(normalize("NFC", name))
    return tuple(part for part in path.parts if part != path.anchor)


def _nearest(parts: Sequence[str], known: Sequence[Known], where: str, split: str | None) -> str:
    """Choose by the parts in common in whatever case, then by split, then by case."""
    best = _most(known, lambda path: _shared_tail(_folded(parts), _folded(path)))
    in_split = [(path, i) for path, i in best if split and split in map(split_in_name, path)]
    best = _most(in_split or best, lambda path: _shared_tail(parts, path))
    if len(best) > 1:
        ids = [image_id for _, image_id in best]
        raise DataError(
            f"{where}: {'/'.join(parts)} could be any of {first_few(ids)}; write more of its path"
        )
    return best[0][1]


def _most(known: Sequence[Known], count: Callable[[Sequence[str]], int]) -> list[Known]:
    counts = [count(path) for path, _ in known]
    most = max(counts)
    return [item for item, number in zip(known, counts, strict=True) if number == most]


def _folded(parts: Sequence[str]) -> list[str]:
    return [part.casefold() for part in parts]


def _shared_tail(a: Sequence[str], b: Sequence[str]) -> int:
    pairs = zip(reversed(a), reversed(b), strict=False)
    return next((n for n, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))
