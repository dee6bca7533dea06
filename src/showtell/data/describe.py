"""A dataset in numbers: what is there, what is missing, what a vocabulary would cover."""

from typing import Any

import numpy as np

from showtell.data.records import Dataset, Split
from showtell.text import tokenize
from showtell.vocabulary import Vocabulary


def describe_dataset(dataset: Dataset, *, min_count: int) -> dict[str, Any]:
    """Count images, captions and gaps by split, and the vocabulary that train would give.

    Raises:
        DataError: no word is seen `min_count` times in train.
    """
    tokens = {
        name: [tokenize(caption) for record in split.records for caption in record.captions]
        for name, split in dataset.splits.items()
    }
    train = tokens.get("train")
    vocabulary = Vocabulary.build(train, min_count=min_count) if train else None
    lengths = [len(caption) for caption in train or ()]
    return {
        "root": str(dataset.root),
        "splits": {
            name: _describe_split(split, tokens[name], vocabulary)
            for name, split in dataset.splits.items()
        },
        "odd_ids": list(dataset.odd_ids),
        "unlisted_images": dataset.unlisted_images,
        "min_count": min_count,
        "vocabulary": len(vocabulary) if vocabulary else 0,
        "length": {
            "median": int(np.median(lengths)) if lengths else 0,
            "p99": int(np.percentile(lengths, 99)) if lengths else 0,
        },
    }


def _describe_split(
    split: Split, tokens: list[list[str]], vocabulary: Vocabulary | None
) -> dict[str, Any]:
    return {
        "images": len(split.records),
        "captions": len(tokens),
        "missing_images": list(split.missing_images),
        "missing_captions": list(split.missing_captions),
        "coverage": vocabulary.coverage(tokens) if vocabulary else 0.0,
    }
