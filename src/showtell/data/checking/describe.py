"""A dataset in numbers: what is there, what is missing, what a vocabulary would cover."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from showtell.data.checking.pictures import Alike, PictureCheck
from showtell.data.records import Dataset, Record, Split
from showtell.errors import DataError
from showtell.text import tokenize
from showtell.vocabulary import Vocabulary

LONG = 20  # words; what the search writes at most, unless told otherwise
REPEATS = 5  # captions named that stand on several images


def describe_dataset(dataset: Dataset, *, min_count: int) -> dict[str, Any]:
    """Count images, captions and gaps by split, and the vocabulary that train would give."""
    tokens = {name: _tokens(split.records) for name, split in dataset.splits.items()}
    train = tokens.get("train")
    vocabulary = _vocabulary(train, min_count)
    lengths = [len(caption) for caption in train or ()]
    return {
        "root": str(dataset.root),
        "format": dataset.format,
        "splits": {
            name: _describe_split(split, tokens[name], vocabulary)
            for name, split in dataset.splits.items()
        },
        "splits_from": dataset.splits_from,
        "drawn_splits": list(dataset.drawn),
        "odd_ids": list(dataset.odd_ids),
        "unlisted_images": dataset.unlisted_images,
        "uncaptioned": list(dataset.uncaptioned),
        "stray_texts": list(dataset.stray_texts),
        "no_captions": list(dataset.no_captions),
        "min_count": min_count,
        "vocabulary": len(vocabulary) if vocabulary else 0,
        "length": {
            "median": int(np.median(lengths)) if lengths else 0,
            "p99": int(np.percentile(lengths, 99)) if lengths else 0,
        },
        "long": LONG,
        "captions": _describe_captions(dataset),
        "training_refuses": list(_refusals(dataset, vocabulary, min_count)),
    }


def _refusals(dataset: Dataset, vocabulary: Vocabulary | None, min_count: int) -> Iterator[str]:
    """Say why `showtell train` would not begin."""
    for split in ("train", "val"):
        try:
            dataset.require(split)
        except DataError as error:
            yield str(error)
    if vocabulary is None and "train" in dataset.splits:
        yield f"no word is seen {min_count} times in train; lower training.min_count"


def _vocabulary(train: Sequence[Sequence[str]] | None, min_count: int) -> Vocabulary | None:
    try:
        return Vocabulary.build(train, min_count=min_count) if train else None
    except DataError:  # no word is seen so often: training would refuse, a look need not
        return None


def describe_pictures(check: PictureCheck) -> dict[str, Any]:
    """Give what was seen of the pictures, ready for JSON."""

    def rows(groups: Iterable[Alike]) -> list[dict[str, Any]]:
        return [{**asdict(group), "leaks": group.leaks} for group in groups]

    return {
        "checked": check.checked,
        "unreadable": check.unreadable,
        "identical": rows(check.identical),
        "near": rows(check.near),
    }


def _tokens(records: Iterable[Record]) -> list[list[str]]:
    return [tokenize(caption) for record in records for caption in record.captions]


def _describe_split(
    split: Split, tokens: list[list[str]], vocabulary: Vocabulary | None
) -> dict[str, Any]:
    return {
        "images": len(split.records),
        "captions": len(tokens),
        "missing_images": list(split.missing_images),
        "missing_captions": list(split.missing_captions),
        "coverage": vocabulary.coverage(tokens) if vocabulary and split.records else None,
    }


def _describe_captions(dataset: Dataset) -> dict[str, Any]:
    """Count captions by image, and those that are too long, empty or everywhere, of all splits."""
    records = [record for split in dataset.splits.values() for record in split.records]
    counts = [len(record.captions) for record in records]
    lengths = [len(tokens) for tokens in _tokens(records)]
    # A person may say the same twice of one image: what counts is on how many it stands.
    images = Counter(
        words
        for record in records
        for words in {" ".join(tokenize(caption)) for caption in record.captions}
        if words
    )
    repeated = [(words, count) for words, count in images.most_common() if count > 1]
    return {
        "all": len(lengths),
        "per_image": {
            "min": min(counts, default=0),
            "median": float(np.median(counts)) if counts else 0.0,
            "max": max(counts, default=0),
        },
        "blank": dataset.empty_captions,
        "without_words": lengths.count(0),
        "long": sum(length > LONG for length in lengths),
        "repeated": len(repeated),
        "most_repeated": [
            {"caption": words, "images": count} for words, count in repeated[:REPEATS]
        ],
    }
