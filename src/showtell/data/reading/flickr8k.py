"""Reader of Flickr8k as published (Hodosh, Young and Hockenmaier 2013, JAIR 47).

Two zips or the folders they unpack to:

    Flickr8k.token.txt           image.jpg#0<TAB>A child in a pink dress is climbing ...
    Flickr_8k.trainImages.txt    one image name a line; devImages is our `val`, testImages `test`
    Flicker8k_Dataset/           the JPEGs, in a folder that goes by several spellings
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from showtell.data.pairing import all_of
from showtell.data.reading.caption_files import decode, lines_of, parse_captions
from showtell.data.reading.tree import is_image
from showtell.data.records import Dataset, ImageFile, Record, Split, archive
from showtell.errors import DataError
from showtell.walk import is_debris, walk_files

SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
TOKEN_FILE = "Flickr8k.token.txt"
KAGGLE_FILE = "captions.txt"  # the same captions, image,caption; its copy lacks the split lists
NESTING = 2  # folders looked into below the top: Flickr8k_Dataset.zip may unpack to one in another


def holds_flickr8k(root: Path, *, zipped: bool) -> bool:
    """Tell whether a folder holds one of Flickr8k's own text files, itself or in a zip.

    Raises:
        DataError: the folder or a zip in it cannot be read.
    """
    files = _files_in_zips(root) if zipped else _files_in_folders(root)
    return not files.keys().isdisjoint({TOKEN_FILE, *SPLIT_FILES.values()})


def load_flickr8k(root: Path) -> Dataset:
    """Read a folder of Flickr8k's files, or one that holds the published zips.

    Missing images and captions are noted by split, not fatal: `Dataset.require` refuses a split
    that is not complete.

    Raises:
        DataError: a file is missing or malformed (the message names the file and the line).
    """
    files = _files_in_folders(root)
    token_file = files.get(TOKEN_FILE, files.get(KAGGLE_FILE))
    if token_file is None or not _images_of(files):  # one or both are still zipped
        files = _files_in_zips(root) | files
        token_file = files.get(TOKEN_FILE, token_file)
    if token_file is None:
        raise DataError(f"{root} holds no {TOKEN_FILE}, neither in a folder nor in a zip")
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
        format="Flickr8k",
        splits=splits,
        splits_from="Flickr8k's lists",
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
        listed_in=SPLIT_FILES[name],
    )


def _names_of(split: Split) -> set[str]:
    present = {record.image_id for record in split.records}
    return present | set(split.missing_images) | set(split.missing_captions)


def parse_names(file: ImageFile) -> list[str]:
    """Parse one name a line; a name that is listed twice counts once.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    lines = [line.strip() for line in lines_of(decode(file.read_bytes(), str(file)))]
    return list(dict.fromkeys(line for line in lines if line))


def _files_in_folders(root: Path) -> dict[str, ImageFile]:
    """Every file by its name, at the top or up to two folders down; the one nearer the top wins."""
    paths: list[Path] = []
    for found in walk_files(root, depth=1 + NESTING):
        if isinstance(found, OSError):
            raise DataError(f"cannot read the dataset folder: {found}") from found
        paths.append(found)
    files: dict[str, ImageFile] = {}
    for path in sorted(paths, key=lambda path: len(path.parts)):
        files.setdefault(path.name, ImageFile(path))
    return files


def _files_in_zips(root: Path) -> dict[str, ImageFile]:
    """Every member of Flickr8k_text.zip and Flickr8k_Dataset.zip by its name, not unpacked."""
    files: dict[str, ImageFile] = {}
    for path in sorted(root.glob("*.zip")):
        try:
            members = archive(path).namelist()
        except Exception as error:  # zipfile's errors share no base class
            raise DataError(f"{path} is not a readable zip: {error}") from error
        for member in members:
            pure = PurePosixPath(member)
            if not (member.endswith("/") or any(is_debris(part) for part in pure.parts)):
                files.setdefault(pure.name, ImageFile(path, member))
    return files


def _images_of(files: dict[str, ImageFile]) -> dict[str, ImageFile]:
    return {n: file for n, file in files.items() if is_image(n)}
