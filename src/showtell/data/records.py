"""What every reader of datasets gives: images with captions, in splits. Knows no file format."""

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from showtell.errors import DataError, counted, first_few


@dataclass(frozen=True)
class Record:
    """One image of a dataset with all its captions, as people wrote them."""

    image_id: str  # unique in the dataset: its path below the root; Flickr8k's is the file name
    image: "ImageFile"
    captions: tuple[str, ...]
    split: str  # train, val or test; a caption file may have others of its own


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
            return archive(self.path).read(self.member)
        except Exception as error:  # zipfile and its decompressors share no error class
            raise DataError(f"cannot read {self}: {error}") from error

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}:{self.member}"


@lru_cache(maxsize=8)
def archive(path: Path) -> zipfile.ZipFile:
    """Open a zip once: its list of 16,000 members takes longer to read than a picture."""
    return zipfile.ZipFile(path)


@dataclass(frozen=True)
class Split:
    """One part of a dataset: what is there, and the names of what is not."""

    name: str
    records: tuple[Record, ...]  # complete ones only
    missing_images: tuple[str, ...] = ()
    missing_captions: tuple[str, ...] = ()
    listed_in: str = ""  # the file that lists its images, if there is one

    @property
    def complete(self) -> bool:
        """Whether every image that the split lists is there with captions."""
        return not (self.missing_images or self.missing_captions)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset as found on disk."""

    root: Path
    format: str  # for people: what was recognised
    splits: dict[str, Split]
    splits_from: str = ""  # what gives the splits, for people; empty where all are drawn
    drawn: tuple[str, ...] = ()  # splits that chance decides, as the data do not; one may get none
    odd_ids: tuple[str, ...] = ()  # captioned, in no split, and without an image
    unlisted_images: int = 0  # images that belong to no split
    uncaptioned: tuple[str, ...] = ()  # images without a caption, left out of every split
    empty_captions: int = 0  # blank ones, left out
    stray_texts: tuple[str, ...] = ()  # .txt files with no picture beside them
    no_captions: tuple[str, ...] = ()  # files that could have been captions, and do not begin so

    @property
    def notes(self) -> tuple[str, ...]:
        """What somebody who trains on it should know: drawn splits, and what is left out."""
        notes = [self._note_on_splits()] if self.drawn else []
        for names, what in (
            (self.uncaptioned, "images without a caption, left out"),
            (self.no_captions, "files that do not begin as captions, left aside"),
            (self.stray_texts, ".txt files without a picture beside them"),
        ):
            if names:
                notes.append(f"{what}: {len(names)}, {first_few(names)}")
        if self.empty_captions:
            notes.append(f"blank captions, left out: {self.empty_captions}")
        if self.unlisted_images:
            notes.append(f"images that belong to no split: {self.unlisted_images}")
        return tuple(notes)

    def _note_on_splits(self) -> str:
        how = "by a hash of each image's path"
        if self.drawn == ("val",) and "val" not in self.splits:
            return "the data give no val, and train has too few images to draw it from"
        if self.drawn == ("val",):
            return f"the data give no val: a tenth of train is drawn for it, {how}"
        none = [name for name in self.drawn if name not in self.splits]
        few = f"; too few images for {' and '.join(none)}" if none else ""
        return f"the data give no splits: drawn, 80 % train, 10 % val, 10 % test, {how}{few}"

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
                f"{of}{counted(len(names), 'image')} missing ({first_few(names)})"
                for of, names in (
                    ("", found.missing_images),
                    ("captions of ", found.missing_captions),
                )
                if names
            ]
            raise DataError(f"split {split!r} of {self.root} is incomplete: {'; '.join(problems)}")
        if not found.records:
            why = f": {found.listed_in} lists no image" if found.listed_in else ""
            raise DataError(f"split {split!r} of {self.root} is empty{why}")
        return found.records
