"""How much each caption counts: more where the others of its photo say the same."""

from pathlib import Path

import numpy as np
import pytest
import torch

from showtell.data.records import ImageFile, Record
from showtell.metrics.cider import CiderD
from showtell.text import tokenize
from showtell.training.caption_weights import caption_weights

DOGS = ("a dog runs over the grass", "a dog runs on the grass", "my pet is called Rex")
SEA = ("a man swims in the sea", "a man swims in the cold sea", "people at the sea", "waves")


def record(image_id: str, captions: tuple[str, ...]) -> Record:
    return Record(image_id, ImageFile(Path(image_id)), captions, "train")


RECORDS = (record("dogs", DOGS), record("sea", SEA), record("alone", ("a red kite",)))


def test_a_caption_that_no_other_supports_counts_less() -> None:
    dogs, sea, _ = caption_weights(RECORDS, 1.0)
    assert dogs[2] < min(dogs[0], dogs[1])
    assert sea[3] == sea.min()


def test_the_weights_of_a_photo_have_mean_1_and_one_alone_counts_fully() -> None:
    for share in (0.3, 1.0):
        weights = caption_weights(RECORDS, share)
        assert [weight.mean().item() for weight in weights] == pytest.approx([1, 1, 1])
    assert weights[2].tolist() == [1.0]


def test_without_a_share_all_count_the_same() -> None:
    assert torch.cat(caption_weights(RECORDS, 0.0)).tolist() == [1.0] * 8


def test_captions_that_say_the_same_weigh_the_same() -> None:
    twice = record("twice", (SEA[0], SEA[2], SEA[3], SEA[0]))
    first, *_, last = caption_weights([record("dogs", DOGS), twice], 1.0)[1]
    assert first == last > 1


def test_the_weights_go_as_cider_d_against_the_others() -> None:
    _, sea, _ = caption_weights(RECORDS, 1.0)
    corpus = [[tokenize(c) for c in record.captions] for record in RECORDS]
    alone = [
        CiderD([corpus[1][:k] + corpus[1][k + 1 :]], corpus=corpus).score([corpus[1][k]])[0]
        for k in range(4)
    ]
    assert sea.tolist() == pytest.approx(list(alone / np.mean(alone)), rel=1e-5)
