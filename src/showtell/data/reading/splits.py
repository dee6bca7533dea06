"""Train, val and test: what they are called, who says so, and how they are drawn otherwise.

A drawn split depends on the seed and on the images' ids alone, not on the order of files or on the
machine; images that are added later move few of the others.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_CALLED = {
    "train": ("train", "training", "restval"),  # restval: the rest of COCO's val, in Karpathy's
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
_CANONICAL = {name: split for split, names in _CALLED.items() for name in names}


def canonical(name: str) -> str:
    """Call a split as we do: `validation` is `val`; a name that we do not know stays."""
    return _CANONICAL.get(name.strip().lower(), name.strip())


def split_in_name(file_name: str) -> str | None:
    """Find the one split that a file's name speaks of, as captions_train2017.json does."""
    words = re.findall("[a-z]+", PurePosixPath(file_name).stem.lower())
    found = {_CANONICAL[word] for word in words if word in _CANONICAL}
    return found.pop() if len(found) == 1 else None


def split_of_record(said: str | None, file_name: str) -> str | None:
    """The split that a record of a caption file says, or else the one that the file's name does."""
    return canonical(said) if said else split_in_name(file_name)


def split_of_folders(path: str) -> str | None:
    """Find the first folder on a file's path that is called as a split."""
    folders = PurePosixPath(path).parts[:-1]
    return next((_CANONICAL[f.lower()] for f in folders if f.lower() in _CANONICAL), None)


def draw_splits(ids: Iterable[str], seed: int) -> dict[str, str]:
    """Draw 80 % train, 10 % val and 10 % test, rounded; of two images or more, one is val.

    Returns:
        The split of each id.
    """
    ranked = rank(ids, seed)
    tenth = _tenth(len(ranked))
    # Val at one end and test at the other: as images are added, none moves between the two.
    val, test = ranked[: _size_of_val(len(ranked))], ranked[len(ranked) - tenth :]
    return dict.fromkeys(ranked, "train") | dict.fromkeys(test, "test") | dict.fromkeys(val, "val")


def draw_val(train: Iterable[str], seed: int) -> set[str]:
    """Draw a tenth of train for val: the same that `draw_splits` takes."""
    ranked = rank(train, seed)
    return set(ranked[: _size_of_val(len(ranked))])


def rank(ids: Iterable[str], seed: int) -> list[str]:
    """Shuffle ids: by a hash of the seed and each."""
    return sorted(ids, key=lambda i: (hashlib.sha256(f"{seed}\0{i}".encode()).digest(), i))


def _size_of_val(num_images: int) -> int:
    return min(max(1, _tenth(num_images)), num_images - 1) if num_images else 0


def _tenth(count: int) -> int:
    return (count + 5) // 10  # halves up; `round` would take the even one
