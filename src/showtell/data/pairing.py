"""Captions and references of the same images brought together by name.

An image may go by several names: COCO's number and its file, a path and the path's last part.
The names are used that captions and references share most.
"""

from collections.abc import Iterable, Sequence
from itertools import product

from showtell.data.caption_files import Entry
from showtell.errors import DataError

Captions = dict[str, str]
References = dict[str, tuple[str, ...]]


def pair_up(captions: Sequence[Entry], references: Sequence[Entry]) -> tuple[Captions, References]:
    """Give each image's caption and its references, under the same name.

    Captions without references and references without a caption are kept: `score` names them.

    Raises:
        DataError: an image has two captions.
    """
    ours, theirs = (range(max(len(e.names) for e in entries)) for entries in (captions, references))
    best = max(
        product(ours, theirs),
        key=lambda pair: len(_names(captions, pair[0]) & _names(references, pair[1])),
    )
    return one_each(captions, naming=best[0]), all_of(references, naming=best[1])


def one_each(entries: Iterable[Entry], *, naming: int = 0) -> Captions:
    """Give the one caption of each image; an image on which the system failed has none.

    Raises:
        DataError: an image has two.
    """
    captions: Captions = {}
    for entry in entries:
        name = _name(entry, naming)
        if len(entry.texts) > 1 or (entry.texts and name in captions):
            raise DataError(f"two captions of the image {name}; a system gives one")
        if entry.texts:
            captions[name] = entry.texts[0]
    return captions


def all_of(entries: Iterable[Entry], *, naming: int = 0) -> References:
    """Give all captions of each image, in the order of the file."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(_name(entry, naming), []).extend(entry.texts)
    return {name: tuple(texts) for name, texts in found.items()}


def _name(entry: Entry, naming: int) -> str:
    return entry.names[min(naming, len(entry.names) - 1)]


def _names(entries: Iterable[Entry], naming: int) -> set[str]:
    return {_name(entry, naming) for entry in entries}
