"""Readers: a dataset on disk in, `Record`s out. Knows files, not pixels or tokens.

Flickr8k as published (Hodosh, Young and Hockenmaier 2013, JAIR 47): two zips or the folders they
unpack to.

    Flickr8k.token.txt           image.jpg#0<TAB>A child in a pink dress is climbing ...
    Flickr_8k.trainImages.txt    one image name a line; devImages is our `val`, testImages `test`
    Flicker8k_Dataset/           the JPEGs, in a folder that goes by several spellings
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from showtell.errors import DataError

SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
TOKEN_FILE = "Flickr8k.token.txt"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
NAMED_IN_ERRORS = 3  # how many missing files a message names


@dataclass(frozen=True)
class Record:
    """One image of a dataset with all its captions, as people wrote them."""

    image_id: str  # the file name; unique in the dataset
    image: "ImageFile"
    captions: tuple[str, ...]
    split: str  # train, val or test


@dataclass(frozen=True)
class ImageFile:
    """Where an image lies: a file, or a member of a zip."""

    path: Path
    member: str | None = None

    def read_bytes(self) -> bytes:
        """Read the encoded picture.

        Raises:
            DataError: it cannot be read.
        """
        try:
            if self.member is None:
                return self.path.read_bytes()
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(self.member)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"cannot read {self}: {error}") from error

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}:{self.member}"


@dataclass(frozen=True)
class Split:
    """One part of a dataset: what is there, and the names of what is not."""

    name: str
    records: tuple[Record, ...]  # complete ones only
    missing_images: tuple[str, ...] = ()
    missing_captions: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every image that the split lists is there with captions."""
        return not (self.missing_images or self.missing_captions)


@dataclass(frozen=True)
class Dataset:
    """A dataset as found on disk."""

    root: Path
    splits: dict[str, Split]
    odd_ids: tuple[str, ...] = field(default=())  # captioned, in no split, and without an image
    unlisted_images: int = 0  # images that belong to no split

    def require(self, split: str) -> tuple[Record, ...]:
        """Give the records of a split, if all of it is there.

        Raises:
            DataError: there is no such split, or some of its images or captions are missing;
                the message counts them and names the first few.
        """
        if split not in self.splits:
            raise DataError(
                f"{self.root} has no split {split!r}; it has {', '.join(self.splits) or 'none'}"
            )
        found = self.splits[split]
        if not found.complete:
            problems = [
                f"{len(names)} {what} missing ({_first_few(names)})"
                for what, names in (
                    ("images", found.missing_images),
                    ("images' captions", found.missing_captions),
                )
                if names
            ]
            raise DataError(f"split {split!r} of {self.root} is incomplete: {'; '.join(problems)}")
        return found.records


def load_dataset(root: Path) -> Dataset:
    """Read a dataset folder, or a folder that holds the published zips.

    Missing images and captions are noted by split, not fatal: `Dataset.require` refuses a split
    that is not complete.

    Raises:
        DataError: not a dataset we know, or a file in it is malformed (the message names the
            file and the line).
    """
    if not root.is_dir():
        raise DataError(f"no dataset folder at {root}")
    files: _Files = _FolderFiles(root)
    if not files.has(TOKEN_FILE):
        files = _ZippedFiles(root)
    if not files.has(TOKEN_FILE):
        raise DataError(
            f"{root} holds no {TOKEN_FILE}, neither in a folder nor in a zip; "
            "expected Flickr8k's own files (Flickr8k_text and Flicker8k_Dataset)"
        )
    captions = _parse_captions(files.read_text(TOKEN_FILE), name=TOKEN_FILE)
    images = files.images()
    splits = {
        name: _build_split(name, _parse_names(files.read_text(file_name)), captions, images)
        for name, file_name in SPLIT_FILES.items()
        if files.has(file_name)
    }
    if not splits:
        raise DataError(f"{root} holds none of {', '.join(SPLIT_FILES.values())}")
    listed = {n for s in splits.values() for n in _names_of(s)}
    return Dataset(
        root=root,
        splits=splits,
        odd_ids=tuple(sorted(captions.keys() - images.keys() - listed)),
        unlisted_images=len(images.keys() - listed),
    )


def _build_split(
    name: str,
    image_ids: Iterable[str],
    captions: dict[str, tuple[str, ...]],
    images: dict[str, ImageFile],
) -> Split:
    ids = list(image_ids)
    return Split(
        name=name,
        records=tuple(
            Record(i, images[i], captions[i], name) for i in ids if i in images and i in captions
        ),
        missing_images=tuple(i for i in ids if i not in images),
        missing_captions=tuple(i for i in ids if i not in captions),
    )


def _names_of(split: Split) -> set[str]:
    present = {record.image_id for record in split.records}
    return present | set(split.missing_images) | set(split.missing_captions)


def _parse_captions(text: str, *, name: str) -> dict[str, tuple[str, ...]]:
    """Parse `image#n<TAB>caption` lines, captions in file order."""
    captions: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        key, tab, caption = line.partition("\t")
        image_id, hash_mark, _ = key.rpartition("#")
        if not tab or not hash_mark:
            raise DataError(
                f"{name}, line {number}: expected image#n<TAB>caption, got {line[:60]!r}"
            )
        captions.setdefault(image_id, []).append(caption.strip())
    if not captions:
        raise DataError(f"{name} holds no captions; is the file empty?")
    return {image_id: tuple(lines) for image_id, lines in captions.items()}


def _parse_names(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _first_few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:NAMED_IN_ERRORS])
    return shown + (", …" if len(names) > NAMED_IN_ERRORS else "")


class _Files(Protocol):
    """Text files by name and images by name, wherever in the folder or zips they lie."""

    def has(self, name: str) -> bool: ...
    def read_text(self, name: str) -> str: ...
    def images(self) -> dict[str, ImageFile]: ...


class _FolderFiles:
    """Files of an unpacked dataset: at the top or one folder down, in any spelling."""

    def __init__(self, root: Path) -> None:
        self._root = root
        folders = [root, *sorted(p for p in root.iterdir() if p.is_dir())]
        self._files = {p.name: p for f in reversed(folders) for p in f.iterdir() if p.is_file()}

    def has(self, name: str) -> bool:
        return name in self._files

    def read_text(self, name: str) -> str:
        return _decode(self._files[name].read_bytes(), name=str(self._files[name]))

    def images(self) -> dict[str, ImageFile]:
        return {n: ImageFile(p) for n, p in self._files.items() if n.endswith(IMAGE_SUFFIXES)}


class _ZippedFiles:
    """Files of Flickr8k_text.zip and Flickr8k_Dataset.zip, read without unpacking."""

    def __init__(self, root: Path) -> None:
        self._members: dict[str, ImageFile] = {}
        for path in sorted(root.glob("*.zip")):
            for member in _members_of(path):
                pure = PurePosixPath(member)
                if "__MACOSX" not in pure.parts:  # resource forks that the published zip carries
                    self._members.setdefault(pure.name, ImageFile(path, member))

    def has(self, name: str) -> bool:
        return name in self._members

    def read_text(self, name: str) -> str:
        return _decode(self._members[name].read_bytes(), name=str(self._members[name]))

    def images(self) -> dict[str, ImageFile]:
        return {n: f for n, f in self._members.items() if n.endswith(IMAGE_SUFFIXES)}


def _members_of(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a readable zip: {error}") from error


def _decode(data: bytes, *, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text: {error}") from error
