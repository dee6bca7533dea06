"""References of a dataset or a file, all or those of one split."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from showtell.data.reading.caption_files import Entry, image_names, read_captions
from showtell.data.reading.flickr8k import SPLIT_FILES, parse_names
from showtell.data.reading.splits import split_of_record
from showtell.data.records import Dataset, ImageFile
from showtell.data.sources import load_dataset
from showtell.errors import DataError


def read_references(path: Path, split: str | None = None) -> list[Entry]:
    """Read what people wrote: from a dataset's folder, or from a file.

    Args:
        split: only this part; a file says it itself (Karpathy's), or Flickr8k's list lies beside.

    Raises:
        DataError: unreadable, or there is no such split.
    """
    if path.is_dir():
        dataset = load_dataset(path)
        if split is None:
            raise DataError(f"{path} is a dataset: give a split, {', '.join(dataset.splits)}")
        return entries_of(dataset, split)
    entries = read_captions(path)
    return _only(split, entries, path) if split else entries


def read_training(path: Path) -> list[Entry]:
    """Read the training captions of a dataset or a file: all of a file that knows no splits.

    Raises:
        DataError: unreadable, or there are splits, but none to train on.
    """
    if path.is_dir():
        return read_references(path, "train")
    entries = read_captions(path)
    return _only("train", entries, path) if any(_splits(entries, path)) else entries


def entries_of(dataset: Dataset, split: str) -> list[Entry]:
    """Give a split's captions as a file's; an image goes by what it shares with no other at all.

    An image of another split must not be taken for one of this, because their files are called
    alike.

    Raises:
        DataError: there is no such split, or it is incomplete.
    """
    wanted = dataset.require(split)
    ids = [record.image_id for part in dataset.splits.values() for record in part.records]
    shared = Counter(name for image_id in ids for name in image_names(image_id))
    return [
        Entry(
            tuple(n for n in image_names(r.image_id) if shared[n] == 1 or n == r.image_id),
            r.captions,
            r.split,
        )
        for r in wanted
    ]


def _only(split: str, entries: Sequence[Entry], path: Path) -> list[Entry]:
    own, beside = _splits(entries, path)
    if split in own:
        return [entry for entry in entries if split_of_record(entry.split, path.name) == split]
    if split not in beside:
        known = ", ".join(sorted({*own, *beside})) or "none"
        raise DataError(f"{path} has no split {split!r}; it has {known}")
    return _listed(entries, beside[split], path)


def _splits(entries: Sequence[Entry], path: Path) -> tuple[set[str], dict[str, Path]]:
    """Give the splits that a file says itself, or else those whose lists lie beside it."""
    own = {split for entry in entries if (split := split_of_record(entry.split, path.name))}
    lists = {name: path.parent / file for name, file in SPLIT_FILES.items()}
    return own, {name: file for name, file in lists.items() if file.is_file() and not own}


def _listed(entries: Sequence[Entry], split_file: Path, path: Path) -> list[Entry]:
    listed = set(parse_names(ImageFile(split_file)))
    found = [entry for entry in entries if not listed.isdisjoint(entry.names)]
    missing = listed.difference(*(entry.names for entry in found))
    if missing:
        raise DataError(
            f"{path} has no captions of {len(missing)} of the {len(listed)} images in "
            f"{split_file.name}, such as {min(missing)}"
        )
    return found
