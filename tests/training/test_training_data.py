"""What is read before any training."""

import shutil
from pathlib import Path

import pytest

from showtell.config import load_config
from showtell.data.sources import load_dataset
from showtell.training.data import load_training_data


def test_a_train_photo_that_is_in_val_under_another_name_is_told(
    tiny_flickr8k: Path, tiny_config: Path, feature_cache: Path
) -> None:
    config = load_config(tiny_config)
    clean = load_training_data(config, tiny_flickr8k, cache_dir=feature_cache)
    assert not [note for note in clean.notes if "under another name" in note]
    dataset = load_dataset(tiny_flickr8k)
    first, copied = dataset.require("train")[0], dataset.require("val")[0]
    shutil.copy(first.image.path, copied.image.path)
    leaky = load_training_data(config, tiny_flickr8k, cache_dir=feature_cache)
    (note,) = [note for note in leaky.notes if "under another name" in note]
    assert f"1 ({copied.image_id})" in note


def test_no_features_are_computed_for_an_encoder_that_learns_from_the_first_epoch(
    flickr8k: Path, tiny_config: Path, tmp_path: Path
) -> None:
    config = load_config(tiny_config, ("finetuning.from_epoch=1",))
    data = load_training_data(config, flickr8k, cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    assert data.feature_dim == 1280
    with pytest.raises(AssertionError, match="live"):
        data.train.photos([0], 1)
