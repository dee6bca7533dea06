"""Features of a dataset: computed once, through ONNX, equal to PyTorch's."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from tiny import write_backbone

from showtell.config import EncoderConfig
from showtell.data.records import Record
from showtell.data.sources import load_dataset
from showtell.errors import ImageError
from showtell.images import prepare
from showtell.models.encoders import build_encoder
from showtell.training.features import compute_features, compute_kinds, hash_pictures, open_cache

LITE = EncoderConfig(name="efficientnet-lite0", image_size=64)


@pytest.fixture
def config(tmp_path: Path) -> EncoderConfig:
    """An encoder that needs no export."""
    return EncoderConfig(name=f"onnx:{write_backbone(tmp_path / 'backbone.onnx')}", image_size=64)


@pytest.fixture
def records(flickr8k: Path) -> tuple[Record, ...]:
    return load_dataset(flickr8k).require("val")


def test_cached_features_are_those_of_the_pytorch_encoder(
    records: tuple[Record, ...], feature_cache: Path
) -> None:
    encoder = build_encoder(LITE)
    hashes = hash_pictures(records)
    images = {hashes[record.image_id]: record.image for record in records}
    caches = compute_kinds(images, encoder, ["grid", "pooled"], cache_dir=feature_cache)
    pixels = np.stack([prepare(r.image.path, encoder.preprocessing).pixels for r in records])
    with torch.inference_mode():
        outputs = encoder.network(torch.from_numpy(pixels))
    for (kind, cache), expected in zip(caches.items(), outputs, strict=True):
        found = cache.open()[cache.rows(list(images))]
        assert found.shape == expected.shape == (len(records), *encoder.feature_shape(kind))
        np.testing.assert_allclose(found, expected, atol=2e-3, rtol=2e-3)  # float16


@pytest.mark.parametrize("kind", ["grid", "pooled"])
def test_features_are_of_the_kind_that_the_config_says(
    records: tuple[Record, ...],
    config: EncoderConfig,
    tmp_path: Path,
    kind: Literal["grid", "pooled"],
) -> None:
    cache, hashes = compute_features(records, replace(config, features=kind), cache_dir=tmp_path)
    shape = build_encoder(config).feature_shape(kind)
    assert cache.open()[cache.rows(list(hashes.values()))].shape == (len(records), *shape)


def test_what_is_cached_is_not_computed_again(
    records: tuple[Record, ...], config: EncoderConfig, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []
    for _ in range(2):
        compute_features(
            records, config, cache_dir=tmp_path, progress=lambda *done: calls.append(done)
        )
    assert calls == [(len(records), len(records))]


def test_only_pictures_that_are_new_are_computed(
    records: tuple[Record, ...], config: EncoderConfig, tmp_path: Path
) -> None:
    compute_features(records[:2], config, cache_dir=tmp_path)
    before = (next(tmp_path.rglob("features.f16"))).read_bytes()
    cache, _ = compute_features(records, config, cache_dir=tmp_path)
    assert len(cache) == len(records)
    assert next(tmp_path.rglob("features.f16")).read_bytes().startswith(before)


def test_two_names_of_one_picture_share_its_features(
    records: tuple[Record, ...], config: EncoderConfig, tmp_path: Path
) -> None:
    cache, hashes = compute_features([records[0]] * 2, config, cache_dir=tmp_path)
    assert len(cache) == 1
    assert set(hashes) == {records[0].image_id}


def test_a_picture_that_cannot_be_decoded_is_named_and_the_rest_is_kept(
    flickr8k: Path, config: EncoderConfig, tmp_path: Path
) -> None:
    shutil.copytree(flickr8k, tmp_path / "data")
    records = load_dataset(tmp_path / "data").require("val")
    broken = records[-1].image.path
    broken.write_bytes(broken.read_bytes()[:300])
    told = rf"{broken.name}: cannot be decoded.*; `showtell data DATA` finds all of them"
    with pytest.raises(ImageError, match=told):
        compute_features(records, config, cache_dir=tmp_path / "cache")
    cache, _ = compute_features(records[:-1], config, cache_dir=tmp_path / "cache")
    assert len(cache) == len(records) - 1


def test_caches_of_features_that_earlier_versions_computed_are_found(tmp_path: Path) -> None:
    cache = open_cache(build_encoder(LITE), "pooled", root=tmp_path)
    assert cache.path.name == "e71b168aff0494bb"


@pytest.mark.parametrize("setting", [{"weights": "random"}, {"image_size": 96}])
def test_other_weights_and_another_image_size_have_caches_of_their_own(
    tmp_path: Path, setting: dict[str, Any]
) -> None:
    encoders = map(build_encoder, (LITE, replace(LITE, **setting)))
    assert len({open_cache(encoder, "pooled", root=tmp_path).path for encoder in encoders}) == 2
