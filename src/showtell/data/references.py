"""References of a dataset or a file, all or those of one split."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from showtell.data.caption_files import Entry, parse_captions
from showtell.data.sources import SPLIT_FILES, Record, load_dataset
from showtell.errors import DataError


def read_entries(path: Path) -> list[Entry]:
    """Read a caption file in any of the known formats.

    Raises:
        DataError: it cannot be read or understood.
    """
    try:
        return parse_captions(path.read_bytes(), str(path))
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
    lists = {name: path.parent / file for name, file in SPLIT_FILES.items()}
    beside = {name: file for name, file in lists.items() if file.is_file() and not own}
    if split in own:
        return [entry for entry in entries if entry.split == split]
    if split not in beside:
        known = ", ".join(sorted({*own, *beside})) or "none"
        raise DataError(f"{path} has no split {split!r}; it has {known}")
    listed = set(beside[split].read_text("utf-8").split())
    found = [entry for entry in entries if not listed.isdisjoint(entry.names)]
    if not found:
        raise DataError(f"{path} has captions of none of the images in {beside[split].name}")
    return found
