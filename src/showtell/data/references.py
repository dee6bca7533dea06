"""References of a dataset or a file, all or those of one split."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from showtell.data.caption_files import Entry, parse_captions
from showtell.data.sources import SPLIT_FILES, ImageFile, Record, load_dataset, parse_names
from showtell.errors import DataError


def read_entries(path: Path) -> list[Entry]:
    """Read a caption file in any of the known formats.

    Raises:
        DataError: it cannot be read or understood.
    """
    return parse_captions(read_file(path), str(path))


def read_file(path: Path) -> bytes:
    """Read a file of a user's.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


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
        return entries_of(dataset.require(split))
    entries = read_entries(path)
    return _only(split, entries, path) if split else entries


def entries_of(records: Iterable[Record]) -> list[Entry]:
    """Give a dataset's captions as a file's."""
    return [Entry((record.image_id,), record.captions, record.split) for record in records]


def _only(split: str, entries: Sequence[Entry], path: Path) -> list[Entry]:
    own = {entry.split for entry in entries if entry.split}
    # Karpathy's COCO keeps part of what everybody trains on apart, as `restval`.
    wanted = {"train", "restval"} if split == "train" else {split}
    if not own.isdisjoint(wanted):
        return [entry for entry in entries if entry.split in wanted]
    lists = {name: path.parent / file for name, file in SPLIT_FILES.items()}
    beside = {name: file for name, file in lists.items() if file.is_file() and not own}
    if split not in beside:
        known = ", ".join(sorted({*own, *beside})) or "none"
        raise DataError(f"{path} has no split {split!r}; it has {known}")
    return _listed(entries, beside[split], path)


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
