"""What `showtell data` tells people: a table of the splits, and a line for each thing to know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from showtell.cli import console
from showtell.errors import FEW, counted, first_few

Found = Mapping[str, Any]  # as `describe_dataset` gives it


def describe(found: Found, notes: Sequence[str]) -> list[str]:
    """Give the report's lines.

    Args:
        notes: the dataset's own, of its splits and of what was left out.
    """
    pictures = found.get("pictures")
    return [
        *_head(found),
        *console.table([_row(name, split) for name, split in found["splits"].items()]),
        *([f"the splits are given by {found['splits_from']}"] if found["splits_from"] else []),
        *_gaps(found),
        *notes,
        *_captions(found),
        *(_pictures(pictures) if pictures else ["pictures were not looked at"]),
        *_ready(found["training_refuses"]),
    ]


def _head(found: Found) -> Iterator[str]:
    captions = found["captions"]
    images = sum(split["images"] for split in found["splits"].values())
    yield f"{found['root']}, read as {found['format']}"
    counts = f"{counted(images, 'image')} with {counted(captions['all'], 'caption')}"
    yield f"{counts}, {_per_image(captions['per_image'])}"


def _per_image(counts: Mapping[str, float]) -> str:
    if counts["min"] == counts["max"]:
        return f"{counts['min']} an image"
    return f"{counts['min']} to {counts['max']} an image, {counts['median']:g} in the median"


def _row(name: str, split: Found) -> dict[str, Any]:
    return {
        "split": name,
        "images": split["images"],
        "captions": split["captions"],
        "missing images": len(split["missing_images"]),
        "missing captions": len(split["missing_captions"]),
        "words known %": "-" if split["coverage"] is None else split["coverage"] * 100,
    }


def _gaps(found: Found) -> Iterator[str]:
    for name, split in found["splits"].items():
        for what in ("missing_images", "missing_captions"):
            if names := split[what]:
                yield f"{name}: {what.replace('_', ' ')}: {first_few(names)}"
    if found["odd_ids"]:
        yield f"captions of no image and no split: {', '.join(found['odd_ids'])}"


def _captions(found: Found) -> Iterator[str]:
    if found["vocabulary"]:
        yield (
            f"vocabulary {found['vocabulary']} (with 4 special tokens): words seen at least "
            f"{found['min_count']} times in train; captions of {found['length']['median']} words "
            f"in the median, {found['length']['p99']} at the 99th percentile"
        )
    if found["length"]["median"] == 1:
        yield (
            "captions of one word in the median; are they in a language that is written without "
            "spaces? Put some between the words"
        )
    captions = found["captions"]
    if captions["long"]:
        yield f"captions longer than {found['long']} words: {captions['long']}"
    if captions["without_words"]:
        yield f"captions without a word: {captions['without_words']}"
    if captions["repeated"]:
        most = captions["most_repeated"][0]
        yield (
            f"captions that stand on several images: {captions['repeated']}, "
            f"{most['caption']!r} on {most['images']}"
        )


def _pictures(pictures: Found) -> Iterator[str]:
    unreadable = pictures["unreadable"]
    whole = pictures["checked"] - len(unreadable)
    yield f"{whole} of {pictures['checked']} pictures can be read"
    for why in list(unreadable.values())[:FEW]:
        yield f"  unreadable: {why}"
    for key, sign, what in (("identical", "=", "the same"), ("near", "~", "nearly the same")):
        leaks = [group for group in pictures[key] if group["leaks"]]
        inside = [group for group in pictures[key] if not group["leaks"]]
        if leaks:
            yield (
                f"LEAK: {what} picture is in more than one split, so that a model is scored on "
                f"what it was trained on; {len(leaks)} such: {_examples(leaks, sign)}"
            )
        if inside:
            examples = _examples(inside, sign)
            yield f"{what} picture is in a split twice; {len(inside)} such: {examples}"


def _ready(refuses: Sequence[str]) -> Iterator[str]:
    yield from (f"training would refuse: {reason}" for reason in refuses)
    if not refuses:
        yield "ready to train"


def _examples(groups: Sequence[Found], sign: str) -> str:
    named = [
        f" {sign} ".join(
            f"{image} ({split})"
            for image, split in zip(group["images"], group["splits"], strict=True)
        )
        for group in groups
    ]
    return first_few(named)
