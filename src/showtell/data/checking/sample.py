"""A few pictures of a dataset with their captions, for people to look at."""

from collections.abc import Iterator
from itertools import zip_longest

from PIL import Image

from showtell.data.reading.splits import rank
from showtell.data.records import Dataset, Record
from showtell.errors import DataError, ImageError
from showtell.images import open_rgb

SHOWN = 2  # captions


def sample(
    dataset: Dataset, count: int, *, side: int, seed: int = 0
) -> list[tuple[Image.Image, str]]:
    """Choose pictures by seed, from each split in turn; those that cannot be read are passed over.

    Args:
        side: pixels that a picture should have at least, for speed.

    Returns:
        Pictures, each with its split, name and first captions, one a line.

    Raises:
        DataError: no picture can be read.
    """
    found: list[tuple[Image.Image, str]] = []
    for record in _in_turn(dataset, seed):
        try:
            data = record.image.read_bytes()
            picture = open_rgb(data, at_least=side, name=str(record.image)).rgb
        except (ImageError, DataError):
            continue
        found.append((picture, _lines(record)))
        if len(found) == count:
            break
    if not found:
        raise DataError(f"{dataset.root}: no picture to show")
    return found


def _in_turn(dataset: Dataset, seed: int) -> Iterator[Record]:
    shuffled = []
    for split in dataset.splits.values():
        records = {record.image_id: record for record in split.records}
        shuffled.append([records[image_id] for image_id in rank(records, seed)])
    return (record for turn in zip_longest(*shuffled) for record in turn if record is not None)


def _lines(record: Record) -> str:
    shown = [f"{n}. {text}" for n, text in enumerate(record.captions[:SHOWN], start=1)]
    more = len(record.captions) - len(shown)
    rest = [f"and {more} more"] if more else []
    return "\n".join([f"{record.split}: {record.image_id}", *shown, *rest])
