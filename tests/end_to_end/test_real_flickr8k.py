"""Facts of the real Flickr8k. Give its folder in SHOWTELL_FLICKR8K; left out where it is not."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from showtell import Captioner
from showtell.data.checking.describe import describe_dataset
from showtell.data.records import Dataset
from showtell.data.sources import load_dataset
from showtell.errors import DataError
from showtell.metadata.description import Writing
from showtell.metadata.embed import clear_embedded, embed, read_embedded
from showtell.runtime.evaluate import evaluate_bundle

FOLDER = os.environ.get("SHOWTELL_FLICKR8K")
pytestmark = [
    pytest.mark.flickr8k,
    pytest.mark.skipif(FOLDER is None, reason="SHOWTELL_FLICKR8K is not set"),
]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    assert FOLDER
    return load_dataset(Path(FOLDER))


def test_train_and_val_are_complete_with_five_captions_each(dataset: Dataset) -> None:
    assert len(dataset.require("train")) == 6000
    assert len(dataset.require("val")) == 1000
    assert {len(r.captions) for s in ("train", "val") for r in dataset.require(s)} == {5}


def test_what_is_missing_of_test_is_counted_and_refused_only_when_asked_for(
    dataset: Dataset,
) -> None:
    if dataset.splits["test"].complete:
        pytest.skip("this copy has its test split")
    with pytest.raises(DataError, match=r"split 'test' of .* is incomplete: 1000 images missing"):
        dataset.require("test")


def test_the_vocabulary_is_the_one_that_others_report(dataset: Dataset) -> None:
    found = describe_dataset(dataset, min_count=5)
    assert 2530 <= found["vocabulary"] <= 2550
    assert found["splits"]["val"]["coverage"] > 0.96


def test_the_default_model_is_far_above_a_constant_caption(dataset: Dataset) -> None:
    """On 100 images, where CIDEr is another number; `.ci/check_models.py` scores all of val."""
    captioner = Captioner.load()
    records = dataset.require("val")[:100]
    report, captions = evaluate_bundle(captioner, records, captioner.bundle.manifest.decoding)
    assert report.scores["BLEU-4"] > 12  # the constant caption: 7
    assert len(set(captions.values())) > 60


def test_embedding_into_200_real_photos_leaves_their_pixels_and_can_be_taken_back(
    dataset: Dataset, tmp_path: Path
) -> None:
    writing = Writing(
        text="A dog runs.", caption="A dog runs.", writer="showtell base 1", confidence=0.5
    )
    for record in dataset.require("val")[:200]:
        data = record.image.read_bytes()
        photo = tmp_path / "photo.jpg"
        photo.write_bytes(data)
        embed(photo, writing)
        assert photo.read_bytes() != data
        assert read_embedded(photo).text == "A dog runs."
        with Image.open(io.BytesIO(data)) as before, Image.open(photo) as after:
            assert np.array_equal(np.asarray(before), np.asarray(after))
        clear_embedded(photo)
        assert photo.read_bytes() == data
