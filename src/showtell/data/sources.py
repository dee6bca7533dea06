"""Readers: a dataset on disk in, `Record`s out. Knows files, not pixels or tokens.

Flickr8k as published (Hodosh, Young and Hockenmaier 2013, JAIR 47): two zips or the folders they
unpack to.

    Flickr8k.token.txt           image.jpg#0<TAB>A child in a pink dress is climbing ...
    Flickr_8k.trainImages.txt    one image name a line; devImages is our `val`, testImages `test`
    Flicker8k_Dataset/           the JPEGs, in a folder that goes by several spellings
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from showtell.data.caption_files import parse_captions
from showtell.data.pairing import all_of
from showtell.errors import DataError, first_few

SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
TOKEN_FILE = "Flickr8k.token.txt"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
NESTING = 2  # folders looked into below the top: Flickr8k_Dataset.zip may unpack to one in another
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
            return _archive(self.path).read(self.member)
        except Exception as error:  # zipfile and its decompressors share no error class
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
            DataError: there is no such split, it lists no image, or some of its images or
                captions are missing; the message counts them and names the first few.
        """
        if split not in self.splits:
            raise DataError(
                f"{self.root} has no split {split!r}; it has {', '.join(self.splits) or 'none'}"
            )
        found = self.splits[split]
        if not found.complete:
            problems = [
                f"{len(names)} {what} missing ({first_few(names, NAMED_IN_ERRORS)})"
                for what, names in (
                    ("images", found.missing_images),
                    ("images' captions", found.missing_captions),
                )
                if names
            ]
            raise DataError(f"split {split!r} of {self.root} is incomplete: {'; '.join(problems)}")
        if not found.records:
            raise DataError(
                f"split {split!r} of {self.root} is empty: {SPLIT_FILES[split]} lists no image"
            )
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
    files = _files_in_folders(root)
    if TOKEN_FILE not in files or not _images_of(files):  # one or both are still zipped
        files = _files_in_zips(root) | files
    if TOKEN_FILE not in files:
        raise DataError(
            f"{root} holds no {TOKEN_FILE}, neither in a folder nor in a zip; "
            "expected Flickr8k's own files (Flickr8k_text and Flicker8k_Dataset)"
        )
    token_file = files[TOKEN_FILE]
    captions = all_of(parse_captions(token_file.read_bytes(), str(token_file)))
    images = _images_of(files)
    splits = {
        name: _build_split(name, parse_names(files[file_name]), captions, images)
        for name, file_name in SPLIT_FILES.items()
        if file_name in files
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
    ids: Sequence[str],
    captions: dict[str, tuple[str, ...]],
    images: dict[str, ImageFile],
) -> Split:
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


def parse_names(file: ImageFile) -> list[str]:
    """Parse one name a line; a name that is listed twice counts once.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    return list(dict.fromkeys(line for line in _read_lines(file) if line))


def _read_lines(file: ImageFile) -> list[str]:
    """Split at newlines alone: `str.splitlines` would cut a caption at U+2028 and its like."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text: {error}") from error
    return [line.strip() for line in text.split("\n")]


def _files_in_folders(root: Path) -> dict[str, ImageFile]:
    """Every file by its name, at the top or up to two folders down; the one nearer the top wins."""
    files: dict[str, ImageFile] = {}
    folders = [root]
    try:
        for _ in range(1 + NESTING):
            entries = [entry for folder in folders for entry in sorted(folder.iterdir())]
            folders = []
            for entry in entries:
                if _is_debris(entry.name):
                    continue
                if entry.is_dir():
                    folders.append(entry)
                else:
                    files.setdefault(entry.name, ImageFile(entry))
    except OSError as error:
        raise DataError(f"cannot read the dataset folder: {error}") from error
    return files


def _files_in_zips(root: Path) -> dict[str, ImageFile]:
    """Every member of Flickr8k_text.zip and Flickr8k_Dataset.zip by its name, not unpacked."""
    files: dict[str, ImageFile] = {}
    for path in sorted(root.glob("*.zip")):
        try:
            members = _archive(path).namelist()
        except Exception as error:  # zipfile's errors share no base class
            raise DataError(f"{path} is not a readable zip: {error}") from error
        for member in members:
            pure = PurePosixPath(member)
            if not (member.endswith("/") or any(_is_debris(part) for part in pure.parts)):
                files.setdefault(pure.name, ImageFile(path, member))
    return files


@lru_cache(maxsize=8)
def _archive(path: Path) -> zipfile.ZipFile:
    """Open a zip once: its list of 16,000 members takes longer to read than a picture."""
    return zipfile.ZipFile(path)


def _images_of(files: dict[str, ImageFile]) -> dict[str, ImageFile]:
    return {n: file for n, file in files.items() if n.lower().endswith(IMAGE_SUFFIXES)}


def _is_debris(name: str) -> bool:
    """Hidden files, and the resource forks of a Mac that the published zips carry."""
    return name.startswith(".") or name == "__MACOSX"
