"""Sentences of a text as batches, beside photos that are only borrowed."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch

from showtell.config import TextConfig
from showtell.data.batches.dataset import Batch
from showtell.data.batches.photos import CachedFeatures
from showtell.data.batches.text import TextDataset
from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

WORDS = tuple(f"w{i}" for i in range(10))
SENTENCES = tuple((a, b) for a in WORDS for b in WORDS)  # 100 of them
D, PHOTOS = 3, 30


@pytest.fixture
def text() -> TextDataset:
    """Photo p has features p + 1 and concept p / 100; sentence s has photos 3 (s mod 10) + 0..2."""
    numbers = np.arange(PHOTOS)
    grid = ((numbers + 1)[:, None, None] * np.ones((1, 2, D))).astype(np.float16)
    concepts = (numbers[:, None] / 100).astype(np.float16)
    return TextDataset(
        sentences=SENTENCES,
        vocabulary=Vocabulary((*SPECIAL_TOKENS, *WORDS)),
        drawn=np.array([[3 * (s % 10) + k for k in range(3)] for s in range(100)], dtype=np.int32),
        photos=CachedFeatures(grid, numbers),
        concepts=CachedFeatures(concepts, numbers),
        feature_dim=D,
        settings=TextConfig(sentences=60, shown=0.5),
    )


def epoch(text: TextDataset, number: int = 1, **more: int) -> list[Batch]:
    return list(text.batches(6, seed=1, epoch=number, **more))


def said(text: TextDataset, batches: Iterable[Batch]) -> list[tuple[str, ...]]:
    return [
        tuple(text.vocabulary.decode(row)) for batch in batches for row in batch.targets.tolist()
    ]


def beside(batches: Iterable[Batch]) -> list[int]:
    """The photos, by their concepts."""
    return [round(float(c) * 100) for b in batches if b.concepts is not None for c in b.concepts]


def same(a: Batch, b: Batch) -> bool:
    return all(
        torch.equal(getattr(a, name), getattr(b, name))
        for name in ("photos", "image_index", "inputs", "targets", "concepts")
    )


def test_an_epoch_reads_as_many_different_sentences_as_are_asked_for(text: TextDataset) -> None:
    batches = epoch(text)
    assert [len(batch.targets) for batch in batches] == [6] * 10
    assert text.num_batches(6) == 10
    assert len(set(said(text, batches))) == 60
    assert set(said(text, batches)) < set(SENTENCES)


def test_a_text_of_fewer_sentences_than_are_asked_for_is_read_whole(text: TextDataset) -> None:
    text = replace(text, settings=TextConfig(sentences=10_000))
    assert text.num_batches(10) == 10
    assert sorted(said(text, text.batches(10, seed=1, epoch=1))) == sorted(SENTENCES)


def test_each_sentence_has_one_of_the_photos_drawn_for_it_and_later_others(
    text: TextDataset,
) -> None:
    found = {}
    for number in range(1, 7):
        batches = epoch(text, number)
        for sentence, photo in zip(said(text, batches), beside(batches), strict=True):
            found.setdefault(sentence, set()).add(photo)
            assert photo in text.drawn[SENTENCES.index(sentence)]
    assert max(map(len, found.values())) == 3


def test_other_epochs_read_other_sentences(text: TextDataset) -> None:
    first, second = (set(said(text, epoch(text, number))) for number in (1, 2))
    assert first != second


def test_photos_are_shown_in_the_share_of_batches_that_is_asked_for(text: TextDataset) -> None:
    batches = [batch for number in range(1, 41) for batch in epoch(text, number)]
    shown = [batch for batch in batches if batch.photos.shape[1]]
    assert 0.4 < len(shown) / len(batches) < 0.6  # of 400
    for share, places in ((0.0, {0}), (1.0, {2})):
        always = replace(text, settings=TextConfig(sentences=60, shown=share))
        assert {batch.photos.shape[1] for batch in epoch(always)} == places


def test_a_photo_that_is_not_shown_has_no_features_and_its_concepts_all_the_same(
    text: TextDataset,
) -> None:
    for batch in epoch(text):
        assert batch.concepts is not None
        assert batch.concepts.shape == (6, 1)
        if not batch.photos.shape[1]:
            assert batch.photos.shape == (6, 0, D)
            continue
        photos = batch.photos[:, 0, 0].round().int() - 1
        assert photos.tolist() == beside([batch])


def test_a_borrowed_photo_is_no_photo_of_the_dataset(text: TextDataset) -> None:
    for batch in epoch(text):
        assert batch.images is None
        assert batch.image_index.tolist() == list(range(6))
        assert batch.to(torch.device("cpu")).images is None


def test_the_seed_and_the_epoch_decide(text: TextDataset) -> None:
    assert all(map(same, epoch(text), epoch(text)))
    other = list(text.batches(6, seed=2, epoch=1))
    assert said(text, other) != said(text, epoch(text))


@pytest.mark.parametrize("first", [0, 1, 7, 10])
def test_an_epoch_goes_on_where_it_was_left(text: TextDataset, first: int) -> None:
    rest, whole = epoch(text, first=first), epoch(text)
    assert len(rest) == 10 - first
    assert all(map(same, rest, whole[first:]))


def test_processes_share_every_batch(text: TextDataset) -> None:
    whole = epoch(text)
    ranks = [epoch(text, rank=rank, world_size=2) for rank in (0, 1)]
    assert text.num_batches(6, world_size=2) == len(whole)
    for batch, *shares in zip(whole, *ranks, strict=True):
        assert [len(share.targets) for share in shares] == [3, 3]
        assert {share.photos.shape[1] for share in shares} == {batch.photos.shape[1]}
        alternately = [
            s for pair in zip(*(said(text, [b]) for b in shares), strict=True) for s in pair
        ]
        assert alternately == said(text, [batch])
        photos = [p for pair in zip(*(beside([b]) for b in shares), strict=True) for p in pair]
        assert photos == beside([batch])
