"""Features of a dataset: computed once, through ONNX, equal to PyTorch's."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from showtell.config import EncoderConfig
from showtell.data.records import Record
from showtell.data.sources import load_dataset
from showtell.errors import ImageError
from showtell.images import prepare
from showtell.models.encoders import build_encoder
from showtell.training.features import compute_features, open_cache

CONFIG = EncoderConfig(name="efficientnet-lite0", image_size=64)


@pytest.fixture
def records(flickr8k: Path) -> tuple[Record, ...]:
    return load_dataset(flickr8k).require("val")


@pytest.mark.parametrize("kind", ["pooled", "grid"])
def test_cached_features_are_those_of_the_pytorch_encoder(
    records: tuple[Record, ...], tmp_path: Path, kind: str
) -> None:
    config = EncoderConfig(name=CONFIG.name, image_size=64, features=kind)
    cache, hashes = compute_features(records, config, cache_dir=tmp_path)
    found = cache.open()[cache.rows([hashes[r.image_id] for r in records])]
    encoder = build_encoder(config)
    pixels = np.stack([prepare(r.image.path, encoder.preprocessing).pixels for r in records])
    with torch.inference_mode():
        grid, pooled = encoder.network(torch.from_numpy(pixels))
    expected = (grid if kind == "grid" else pooled).numpy()
    assert found.shape == expected.shape == (len(records), *encoder.feature_shape(kind))
    np.testing.assert_allclose(found, expected, atol=2e-3, rtol=2e-3)  # float16


def test_what_is_cached_is_not_computed_again(records: tuple[Record, ...], tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    for _ in range(2):
        compute_features(
            records, CONFIG, cache_dir=tmp_path, progress=lambda *done: calls.append(done)
        )
    assert calls == [(len(records), len(records))]


def test_only_pictures_that_are_new_are_computed(
    records: tuple[Record, ...], tmp_path: Path
) -> None:
    compute_features(records[:2], CONFIG, cache_dir=tmp_path)
    before = (next(tmp_path.rglob("features.f16"))).read_bytes()
    cache, _ = compute_features(records, CONFIG, cache_dir=tmp_path)
    assert len(cache) == len(records)
    assert next(tmp_path.rglob("features.f16")).read_bytes().startswith(before)


def test_another_image_size_has_a_cache_of_its_own(
    records: tuple[Record, ...], tmp_path: Path
) -> None:
    small, _ = compute_features(records[:1], CONFIG, cache_dir=tmp_path)
    large, _ = compute_features(
        records[:1], EncoderConfig(name=CONFIG.name, image_size=96), cache_dir=tmp_path
    )
    assert small.path != large.path


def test_two_names_of_one_picture_share_its_features(
    records: tuple[Record, ...], tmp_path: Path
) -> None:
    cache, hashes = compute_features([records[0]] * 2, CONFIG, cache_dir=tmp_path)
    assert len(cache) == 1
    assert set(hashes) == {records[0].image_id}


def test_a_picture_that_cannot_be_decoded_is_named_and_the_rest_is_kept(
    flickr8k: Path, tmp_path: Path
) -> None:
    shutil.copytree(flickr8k, tmp_path / "data")
    records = load_dataset(tmp_path / "data").require("val")
    broken = records[-1].image.path
    broken.write_bytes(broken.read_bytes()[:300])
    told = rf"{broken.name}: cannot be decoded.*; `showtell data DATA` finds all of them"
    with pytest.raises(ImageError, match=told):
        compute_features(records, CONFIG, cache_dir=tmp_path / "cache")
    cache, _ = compute_features(records[:-1], CONFIG, cache_dir=tmp_path / "cache")
    assert len(cache) == len(records) - 1


def test_caches_of_features_that_earlier_versions_computed_are_found(tmp_path: Path) -> None:
    cache = open_cache(build_encoder(CONFIG), "pooled", root=tmp_path)
    assert cache.path.name == "e71b168aff0494bb"


def test_other_weights_have_a_cache_of_their_own(tmp_path: Path) -> None:
    fresh = replace(CONFIG, weights="random")
    caches = {open_cache(build_encoder(c), "pooled", root=tmp_path).path for c in (CONFIG, fresh)}
    assert len(caches) == 2
