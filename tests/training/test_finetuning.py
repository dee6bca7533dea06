"""An encoder that learns along, from photos seen live."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from showtell.config import Config, DecoderConfig, EncoderConfig, FinetuningConfig, TrainingConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import CachedFeatures, LivePhotos
from showtell.data.records import Record
from showtell.data.sources import load_dataset
from showtell.images import Preprocessing
from showtell.models.encoders import Encoder
from showtell.models.encoders.encoder import freeze
from showtell.text import tokenize
from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.training.epochs import Events
from showtell.training.live import LiveData
from showtell.training.loop import Trainer
from showtell.training.run import RunFolder
from showtell.vocabulary import Vocabulary

CONFIG = Config(
    name="tiny",
    encoder=EncoderConfig(image_size=32, features="grid"),
    decoder=DecoderConfig(architecture="topdown", embedding_dim=8, hidden_dim=8, attention_dim=8),
    training=TrainingConfig(min_count=1, batch_size=20, learning_rate=0.01, max_epochs=3),
    finetuning=FinetuningConfig(from_epoch=2, learning_rate=0.01),
)
PREPROCESSING = Preprocessing(size=32, mean=(127.5,) * 3, std=(127.5,) * 3)


class Colours(nn.Module):
    """A small CNN: 32 pixels to a grid of four locations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 16, stride=16)
        self.norm = nn.BatchNorm2d(6)
        self.classifier = nn.Linear(6, 2)  # which captions never use

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        grid = self.norm(self.conv(pixels)).relu().flatten(2).transpose(1, 2)
        return grid, grid.mean(dim=1, keepdim=True)


@pytest.fixture
def encoder() -> Encoder:
    torch.manual_seed(5)
    return freeze("colours", Colours(), PREPROCESSING)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def records(flickr8k: Path) -> tuple[Record, ...]:
    return load_dataset(flickr8k).require("train")


def trainer(
    encoder: Encoder,
    records: tuple[Record, ...],
    pool: ThreadPoolExecutor,
    folder: Path,
    config: Config = CONFIG,
) -> Trainer:
    vocabulary = Vocabulary.build(
        (tokenize(c) for record in records for c in record.captions), min_count=1
    )
    pixels = LivePhotos(records, encoder.preprocessing, pool)(range(len(records)))
    with torch.inference_mode():
        features = encoder.network(pixels)[0].numpy().astype(np.float16)
    dataset = CaptionDataset(records, vocabulary, CachedFeatures(features, np.arange(len(records))))
    return Trainer(
        config,
        train=dataset,
        val=dataset,
        vocabulary=vocabulary,
        feature_dim=6,
        folder=RunFolder(folder),
        live=LiveData(encoder, config, pool),
    )


def encoder_weights(folder: Path) -> dict[str, Tensor]:
    weights = weights_of(load_checkpoint(RunFolder(folder).last)[0])
    return {name: t for name, t in weights.items() if name.startswith("encoder.")}


def test_the_encoder_rests_until_its_epoch_and_then_learns(
    encoder: Encoder, records: tuple[Record, ...], pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    run = trainer(encoder, records, pool, tmp_path)
    assert run.model.encoder is not None
    kernels = [run.model.encoder.get_parameter("conv.weight").detach().clone()]
    run.fit(
        Events(
            epoch=lambda entry: kernels.append(
                encoder.network.get_parameter("conv.weight").detach().clone()
            )
        )
    )
    assert torch.equal(kernels[0], kernels[1])
    assert not torch.equal(kernels[1], kernels[2])
    assert not torch.equal(kernels[2], kernels[3])


def test_the_first_weights_stay_as_they_are_where_they_are_to_be_frozen(
    encoder: Encoder, records: tuple[Record, ...], pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    finetuning = replace(CONFIG.finetuning, from_epoch=1, frozen=0.4)  # conv, of six tensors
    before = {name: p.detach().clone() for name, p in encoder.network.named_parameters()}
    trainer(encoder, records, pool, tmp_path, replace(CONFIG, finetuning=finetuning)).fit(Events())
    changed = {n for n, p in encoder.network.named_parameters() if not torch.equal(p, before[n])}
    assert changed == {"norm.weight", "norm.bias"}


def test_batch_norm_keeps_its_statistics(
    encoder: Encoder, records: tuple[Record, ...], pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    before = {n: b.clone() for n, b in encoder.network.named_buffers()}
    trainer(encoder, records, pool, tmp_path).fit(Events())
    after = dict(encoder.network.named_buffers())
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_validation_sees_what_the_encoder_has_learned(
    encoder: Encoder, records: tuple[Record, ...], pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    run = trainer(encoder, records, pool, tmp_path)
    run.fit(Events())
    found = LiveData(encoder, CONFIG, pool).val(run.val_data, run.model).photos([0], 0)
    pixels = LivePhotos(records, encoder.preprocessing, pool)([0])
    with torch.inference_mode():
        expected = encoder.network(pixels)[0]
    torch.testing.assert_close(found, expected, atol=1e-2, rtol=1e-2)  # float16
    assert not torch.allclose(found, run.val_data.photos([0], 0), atol=1e-2)


def test_a_run_stopped_while_the_encoder_learns_ends_as_one_that_was_not(
    records: tuple[Record, ...], pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    def fresh() -> Encoder:
        torch.manual_seed(5)
        return freeze("colours", Colours(), PREPROCESSING)

    seen = iter(range(1, 100))
    stop = Events(should_stop=lambda: next(seen) == 5)  # the second batch of the second epoch
    trainer(fresh(), records, pool, tmp_path / "whole").fit(Events())
    with pytest.raises(KeyboardInterrupt):
        trainer(fresh(), records, pool, tmp_path / "stopped").fit(stop)
    trainer(fresh(), records, pool, tmp_path / "stopped").fit(Events())
    a, b = (encoder_weights(tmp_path / name) for name in ("whole", "stopped"))
    assert a
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_photos_are_altered_anew_in_every_epoch_and_alike_in_a_resumed_one(
    records: tuple[Record, ...], pool: ThreadPoolExecutor
) -> None:
    altered = FinetuningConfig(flip=True, crop=0.5)
    photos = LivePhotos(records, PREPROCESSING, pool, altered=altered, seed=1)
    other_seed = replace(photos, seed=2)
    assert torch.equal(photos([3, 4], 1), photos([3, 4], 1))
    assert torch.equal(photos([3, 4], 1)[1:], photos([4], 1))
    assert not torch.equal(photos([3], 1), photos([3], 2))
    assert not torch.equal(photos([3], 1), other_seed([3], 1))
