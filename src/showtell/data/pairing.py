"""Captions brought together with the references of the same images.

An image may go by several names: COCO's number and its file, a path and the path's last part. The
references' first name is the image's id; captions may use any of the others.
"""

from collections.abc import Iterable

from showtell.data.reading.caption_files import Entry
from showtell.errors import DataError


def pair_up(
    captions: Iterable[Entry], references: Iterable[Entry]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Give each image's caption, and its references, by the same id.

    Captions that match no reference keep their own name, and references without a caption stay:
    `score` lists both.

    Raises:
        DataError: an image has two captions, or a caption's names could mean two images.
    """
    references = list(references)
    humans = all_of(references)
    ids: dict[str, set[str]] = {}  # by each of its names
    for entry in references:
        for name in entry.names:
            ids.setdefault(name, set()).add(entry.names[0])
    ids |= {image_id: {image_id} for image_id in humans}
    return one_each(Entry((_id_of(entry, ids),), entry.texts) for entry in captions), humans


def one_each(entries: Iterable[Entry]) -> dict[str, str]:
    """Give the one caption of each image; an image on which the system failed has none.

    Raises:
        DataError: an image has two.
    """
    captions: dict[str, str] = {}
    for entry in entries:
        name = entry.names[0]
        if len(entry.texts) > 1 or (entry.texts and name in captions):
            raise DataError(
                f"two captions of the image {name}; a system gives one "
                "(are captions and references swapped?)"
            )
        if entry.texts:
            captions[name] = entry.texts[0]
    return captions


def all_of(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Give all captions of each image, in the order of the file."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(entry.names[0], []).extend(entry.texts)
    return {name: tuple(texts) for name, texts in found.items()}


def _id_of(entry: Entry, ids: dict[str, set[str]]) -> str:
    known = [ids[name] for name in entry.names if name in ids]
    if not known:
        return entry.names[0]
    meant = set.intersection(*known)
    if len(meant) == 1:
        return meant.pop()
    could_be = ", ".join(sorted(set.union(*known)))
    raise DataError(f"{' or '.join(entry.names)} could be any of {could_be} in the references")
