"""The door to datasets: a folder or a caption file on disk in, records in splits out.

Recognises the format and lets its reader read; what the data do not say about splits is drawn.
"""

import os
from pathlib import Path

from showtell.data.reading.flickr8k import holds_flickr8k, load_flickr8k
from showtell.data.reading.folders import Reading, read_folder, read_listings
from showtell.data.reading.splits import draw_splits, draw_val
from showtell.data.reading.tree import Tree, walk
from showtell.data.records import Dataset, Record, Split
from showtell.errors import DataError

_ORDER = ("train", "val", "test")
_SEED = 0  # of splits that are drawn; the same in every command, or one would score what it trained


def load_dataset(root: Path) -> Dataset:
    """Read a dataset: a folder, or a caption file in the folder of its images.

    Missing images and captions are noted by split, not fatal: `Dataset.require` refuses a split
    that is not complete.

    Raises:
        DataError: not a dataset we know, or a file in it is malformed (the message names the
            file and the line).
    """
    if root.is_file():
        return _assemble(*_read_named(root), root)
    if not root.is_dir():
        raise DataError(f"no dataset folder or caption file at {root}")
    if holds_flickr8k(root, zipped=False):
        return load_flickr8k(root)
    tree = walk(root)
    reading = read_folder(tree)
    if reading.captions:
        return _assemble(tree, reading, root)
    if holds_flickr8k(root, zipped=True):
        return load_flickr8k(root)
    why = next(iter(reading.no_captions.values()), "")
    raise DataError(
        f"{root} holds {len(tree.images)} pictures and no captions; expected a .txt beside each "
        "picture, metadata.jsonl or metadata.csv, captions in .json, .jsonl, .csv or .tsv, "
        f"or Flickr8k's own files{why and f'; {why}'}"
    )


def _read_named(file: Path) -> tuple[Tree, Reading]:
    """Read a caption file whose pictures lie below its folder, or else beside that, as COCO's."""
    tree = walk(file.parent)
    reading = read_listings(tree, [file.name])
    if not reading.found:
        folder = Path(os.path.normpath(file.absolute())).parent  # of ../captions.json, too
        tree = walk(folder.parent)
        reading = read_listings(tree, [f"{folder.name}/{file.name}"])
    return tree, reading


def _assemble(tree: Tree, reading: Reading, root: Path) -> Dataset:
    if not reading.found:
        raise DataError(
            f"none of the {len(reading.missing)} images that the {reading.format} name lies below "
            f"{tree.root}, {min(reading.missing)} for one; give the folder that holds both, or "
            "write their whole paths in the file"
        )
    captions = {image: tuple(filter(None, texts)) for image, texts in reading.captions.items()}
    captioned = sorted(image for image, texts in captions.items() if texts)
    if not captioned:
        raise DataError(f"{root}: all captions are blank")
    split_of, splits_from, drawn = _decide_splits(captioned, reading)
    parts: dict[str, list[str]] = {}
    for image, split in split_of.items():
        parts.setdefault(split, []).append(image)
    names = [*(s for s in _ORDER if s in parts), *sorted(parts.keys() - set(_ORDER))]
    return Dataset(
        root=root,
        format=reading.format,
        splits={
            name: Split(
                name=name,
                records=tuple(
                    Record(image, tree.images[image], captions[image], name)
                    for image in parts[name]
                    if image not in reading.missing
                ),
                missing_images=tuple(i for i in parts[name] if i in reading.missing),
            )
            for name in names
        },
        splits_from=splits_from,
        drawn=drawn,
        unlisted_images=len(captioned) - len(split_of),
        uncaptioned=tuple(image for image in tree.images if not captions.get(image)),
        empty_captions=sum(not text for texts in reading.captions.values() for text in texts),
        stray_texts=reading.stray_texts,
        no_captions=tuple(reading.no_captions),
    )


def _decide_splits(
    captioned: list[str], reading: Reading
) -> tuple[dict[str, str], str, tuple[str, ...]]:
    """Give each image its split, in the order of the images; name what says so, and what is drawn.

    What the files say comes first. Folders decide only where every image lies in one that is
    called as a split: pictures of trains may be kept in a folder `train`.
    """
    if reading.said:
        split_of = {i: reading.said[i] for i in captioned if i in reading.said}
        splits_from = "the caption files"
    elif reading.placed.keys() >= set(captioned):
        split_of = {i: reading.placed[i] for i in captioned}
        splits_from = "the folders' names"
    else:
        drawn = draw_splits(captioned, _SEED)
        return {i: drawn[i] for i in captioned}, "", _ORDER
    if "train" not in split_of.values() or "val" in split_of.values():
        return split_of, splits_from, ()
    val = draw_val((i for i, split in split_of.items() if split == "train"), _SEED)
    split_of = {i: "val" if i in val else split for i, split in split_of.items()}
    return split_of, splits_from, ("val",)
