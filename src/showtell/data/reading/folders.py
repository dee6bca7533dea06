"""Captions of one's own pictures, before they are put into splits.

Two ways to write them: a .txt beside each picture, or caption files that name the pictures, in any
of the formats of `caption_files`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from showtell.data.reading.caption_files import (
    decode,
    lines_of,
    read_captions,
    read_file,
    why_no_captions,
)
from showtell.data.reading.splits import split_in_name, split_of_folders, split_of_record
from showtell.data.reading.tree import ImageNames, Tree, add_outside, is_image, parts_of
from showtell.errors import DataError, first_few

CAPTION_SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".token", ".txt")

# The names that caption files go by, the surest first.
_METADATA = re.compile(r"metadata\.(jsonl|csv)", re.I)  # of a Hugging Face imagefolder
_KARPATHY = re.compile(r"dataset(?!_infos?\.).*\.json", re.I)
_CAPTIONS = re.compile(r"(.*[^a-z])?captions?[^a-z].*", re.I)  # COCO's captions_val2017.json
_TABLE = re.compile(r".*\.(json|jsonl|csv|tsv|token)", re.I)
_TEXT = re.compile(r"(?!readme|licen[cs]e).*\.txt", re.I)


@dataclass
class Reading:
    """What was read of a folder: captions by image, and what was said about splits."""

    format: str  # for people
    captions: dict[str, list[str]] = field(default_factory=dict)  # of each image, in order
    missing: set[str] = field(default_factory=set)  # those of them that are not on disk
    said: dict[str, str] = field(default_factory=dict)  # splits that the files tell
    placed: dict[str, str] = field(default_factory=dict)  # splits that folders are called by
    stray_texts: tuple[str, ...] = ()
    no_captions: dict[str, str] = field(default_factory=dict)  # files left aside, and why

    @property
    def found(self) -> bool:
        """Whether any of the images with captions is on disk."""
        return len(self.missing) < len(self.captions)


def read_folder(tree: Tree) -> Reading:
    """Read a folder of pictures: how its captions are written is told by what lies there.

    Metadata of an imagefolder come first, then a .txt beside most pictures, then the caption file
    nearest the top: below it may lie training runs, with caption files of their own. A file that
    is not called captions and does not begin so is left aside: metadata may be labels.

    Returns:
        What was read: nothing where there are no captions.

    Raises:
        DataError: a file is malformed, or several files could hold the captions.
    """
    beside = _texts_beside(tree)
    rest = [
        name
        for name in tree.others
        if name not in beside and name.lower().endswith(CAPTION_SUFFIXES)
    ]
    aside: dict[str, str] = {}
    files = _nearest_captions(tree, rest, aside, _METADATA)
    if not files and len(beside) < len(tree.images) / 2:
        files = _nearest_captions(tree, rest, aside, _KARPATHY, _CAPTIONS, _TABLE)
    if not files and not beside:
        files = _nearest_captions(tree, rest, aside, _TEXT)
    reading = read_listings(tree, _told_apart(tree, files)) if files else _read_beside(tree, beside)
    reading.no_captions = aside
    return reading


def _nearest_captions(
    tree: Tree, names: Sequence[str], aside: dict[str, str], *patterns: re.Pattern[str]
) -> list[str]:
    """Give the nearest files that begin as captions; the others on the way are put aside."""
    while files := _nearest([name for name in names if name not in aside], *patterns):
        for name in files:
            called = any(p.fullmatch(PurePosixPath(name).name) for p in (_KARPATHY, _CAPTIONS))
            if not called and (why := why_no_captions(tree.path(name))):
                aside[name] = why
        if kept := [name for name in files if name not in aside]:
            return kept
    return []


def _nearest(names: Sequence[str], *patterns: re.Pattern[str]) -> list[str]:
    """Give the files nearest the top that fit a pattern: of those, all that fit the first."""
    paths = [PurePosixPath(name) for name in names]
    fitting = [path for path in paths if any(p.fullmatch(path.name) for p in patterns)]
    top = min((len(path.parts) for path in fitting), default=0)
    for pattern in patterns:
        found = [p for p in fitting if len(p.parts) == top and pattern.fullmatch(p.name)]
        if found:
            return [str(path) for path in found]
    return []


def _told_apart(tree: Tree, files: list[str]) -> list[str]:
    """Let several files be read together if each has a folder or a split of its own."""
    folders = [PurePosixPath(name).parent for name in files]
    is_metadata = all(_METADATA.fullmatch(PurePosixPath(name).name) for name in files)
    if len(files) == 1 or (is_metadata and len(set(folders)) == len(files)):
        return files
    if all(split_in_name(name) or split_of_folders(name) for name in files):
        return files
    raise DataError(
        f"{tree.root} has several files that may hold the captions "
        f"({first_few(files)}), not called train, val and test; "
        "give the path of the one that does"
    )


def _texts_beside(tree: Tree) -> dict[str, list[str]]:
    """Map each .txt that is called as pictures in its folder to those, in this case or another."""
    texts = {name[:-4]: name for name in tree.others if name.lower().endswith(".txt")}
    texts = {name.casefold(): text for name, text in texts.items()} | texts
    found: dict[str, list[str]] = {}
    for image in tree.images:
        # On disk an accent may stand apart from its letter, which the id has composed.
        path = tree.images[image].path.relative_to(tree.root)
        stem, name = path.with_suffix("").as_posix(), path.as_posix()
        called = (stem, name, stem.casefold(), name.casefold())  # 7.txt and 7.jpg.txt, 7.TXT
        text = next((texts[key] for key in called if key in texts), None)
        if text:
            found.setdefault(text, []).append(image)
    return found


def _read_beside(tree: Tree, beside: dict[str, list[str]]) -> Reading:
    reading = Reading("pictures with a .txt beside each")
    for text, (image, *others) in beside.items():
        path = tree.path(text)
        if others:
            raise DataError(f"{path} could be of {image} or of {others[0]}")
        lines = lines_of(decode(read_file(path), str(path)))
        reading.captions[image] = [line.strip() for line in lines if line.strip()]
        if split := split_of_folders(image):
            reading.placed[image] = split
    reading.stray_texts = tuple(
        name for name in tree.others if name.lower().endswith(".txt") and name not in beside
    )
    return reading


def read_listings(tree: Tree, files: Sequence[str]) -> Reading:
    """Read caption files, which name images of the tree.

    Raises:
        DataError: a file is malformed, a name could mean several images, two names mean the same
            image, or an image is in two splits.
    """
    images = ImageNames(tree.images)
    reading = Reading(f"captions in {first_few(files)}")
    for file in files:
        _read_listing(tree, file, images, reading)
    return reading


def _read_listing(tree: Tree, file: str, images: ImageNames, reading: Reading) -> None:
    path = tree.path(file)
    folder = str(PurePosixPath(file).parent)
    called: dict[str, tuple[str, ...]] = {}  # images by the path that their captions stand under
    for entry in read_captions(path):
        split = split_of_record(entry.split, file)
        found = add_outside(tree, path, entry.names) or images.find(
            entry.names, folder=folder, where=str(path), split=split
        )
        name = parts_of(entry.names[0])
        if found and called.setdefault(found, name) != name:
            both = f"{'/'.join(called[found])} and {'/'.join(name)}"
            raise DataError(f"{path}: {both} would both be the image {found}")
        image = found or next(filter(is_image, entry.names), entry.names[0])
        if not found:
            reading.missing.add(image)
        reading.captions.setdefault(image, []).extend(text.strip() for text in entry.texts)
        if split and reading.said.setdefault(image, split) != split:
            raise DataError(f"{path}: {image} is in {reading.said[image]} and in {split}")
        if place := split_of_folders(image) or split_of_folders(file):
            reading.placed[image] = place
