"""Which sidecars belong to a photo, what is said of it there, and whose words they are.

The one home of that rule. A sidecar is called by its photo's full name, `IMG.jpg.xmp`, or by its
stem, `IMG.xmp`; by its stem only where no other picture in the folder could be meant.
"""

import os
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Literal

from showtell.errors import ShowtellError
from showtell.files import is_file
from showtell.images import told_by
from showtell.metadata.description import Description, by_person, said
from showtell.metadata.embed import read_embedded
from showtell.metadata.place import read_place
from showtell.metadata.sidecar import SUFFIX, read_sidecar
from showtell.metadata.xmp import read_xmp
from showtell.suffixes import PICTURE_SUFFIXES

Naming = Literal["full", "stem"]


def sidecar_names(
    photo: Path, suffix: str = SUFFIX, *, naming: Naming = "full", mirror: Path | None = None
) -> list[Path]:
    """Give the names that a photo's sidecar may have, the one that a new one gets first.

    Args:
        mirror: where the photo would lie in a tree of sidecars alone; None: beside the photo.
    """
    base = mirror or photo
    full, stem = (base.with_name(name + suffix) for name in (base.name, base.stem))
    if shares_stem(photo):
        return [full]
    return [full, stem] if naming == "full" else [stem, full]


def xmp_sidecars(photo: Path, *, naming: Naming = "full", mirror: Path | None = None) -> list[Path]:
    """Give the XMP sidecars that a photo has, in capitals too: first those that say something."""
    there: list[Path] = []
    for name in sidecar_names(photo, naming=naming, mirror=mirror):
        for path in (name, name.with_suffix(name.suffix.upper())):
            # A disk may not tell capitals apart.
            if path != photo and is_file(path) and not any(map(path.samefile, there)):
                there.append(path)
    return there if len(there) <= 1 else sorted(there, key=_is_silent)


def described(photo: Path, place: Path) -> Description | None:
    """Give the description in a place of a photo, or else a person's in another of its places.

    Raises:
        ShowtellError: what a sidecar, or the place, holds cannot be read.
    """
    here = read_place(place) if is_file(place) else None
    if here is not None and here.text:
        return here
    elsewhere: list[Description | None]
    elsewhere = [read_sidecar(path) for path in xmp_sidecars(photo) if path != place]
    if place != photo:
        elsewhere.append(_of_photo(photo))
    return next((found for found in elsewhere if found and found.by_person), here)


def shares_stem(photo: Path) -> bool:
    """Tell whether a sidecar of a photo's stem might be taken for another's.

    Another picture in the folder has its name but for the suffix, or is called by its stem, or it
    has no picture's suffix.
    """
    if photo.suffix.lower() not in PICTURE_SUFFIXES:
        return True
    try:
        return _called(photo.parent)[photo.stem.casefold()] > 1
    except (OSError, ValueError):  # who can tell?
        return True


def forget_folders() -> None:
    """Look at folders anew: files have come."""
    _called.cache_clear()


@lru_cache(maxsize=64)
def _called(folder: Path) -> Counter[str]:
    """Count the pictures of a folder by what they are called, with and without their suffix."""
    names = os.listdir(folder)  # noqa: PTH208 - a Path for each would cost more than the list
    split = ((*os.path.splitext(name), name) for name in names)  # noqa: PTH122
    may_be = (*PICTURE_SUFFIXES, "")  # pictures are known by content: one may have no suffix
    return Counter(
        called.casefold()
        for stem, suffix, name in split
        if suffix.lower() in may_be
        for called in {stem, name}
    )


def _is_silent(sidecar: Path) -> bool:
    try:
        return not read_sidecar(sidecar).text
    except (ShowtellError, OSError):
        return False  # whoever reads its words is told what is wrong with it


def _of_photo(path: Path) -> Description | None:
    """Give what a photo that is not written to says; its metadata need not be sound."""
    try:
        if (embedded := read_embedded(path)) is not None:
            return embedded
        xmp, text = told_by(path)
        found = read_xmp(xmp) if xmp else None
    except (ShowtellError, OSError):
        return None
    return found if found and found.text else by_person(said(text))
