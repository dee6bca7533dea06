import json
from pathlib import Path

import pytest

from showtell.data.pairing import all_of, pair_up
from showtell.data.reading.caption_files import Entry, image_names
from showtell.data.records import Dataset, ImageFile, Record, Split
from showtell.data.references import entries_of, read_references, read_training
from showtell.errors import DataError

KARPATHY = [
    {"filename": "a.jpg", "split": "val", "sentences": [{"raw": "a dog"}]},
    {"filename": "b.jpg", "split": "test", "sentences": [{"raw": "a cat"}]},
]


@pytest.fixture
def karpathy(tmp_path: Path) -> Path:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"images": KARPATHY}))
    return path


def test_all_of_a_file_is_read_where_no_split_is_asked_for(karpathy: Path) -> None:
    assert all_of(read_references(karpathy)) == {"a.jpg": ("a dog",), "b.jpg": ("a cat",)}


def test_a_file_that_says_its_splits_gives_one_of_them(karpathy: Path) -> None:
    assert all_of(read_references(karpathy, "test")) == {"b.jpg": ("a cat",)}


def test_a_split_that_is_not_there_is_refused_with_those_there_are(karpathy: Path) -> None:
    with pytest.raises(DataError, match=r"no split 'dev'; it has test, val"):
        read_references(karpathy, "dev")


def test_flickr8ks_list_beside_its_token_file_gives_the_split(flickr8k: Path) -> None:
    tokens = flickr8k / "Flickr8k_text" / "Flickr8k.token.txt"
    found = all_of(read_references(tokens, "val"))
    assert found == all_of(read_references(flickr8k, "val"))
    assert len(found) == 4


def test_the_lists_that_lie_beside_are_named_where_there_is_no_such_split(flickr8k: Path) -> None:
    tokens = flickr8k / "Flickr8k_text" / "Flickr8k.token.txt"
    with pytest.raises(DataError, match=r"no split 'dev'; it has test, train, val"):
        read_references(tokens, "dev")


def test_a_split_whose_captions_are_withheld_is_refused(tiny_flickr8k: Path) -> None:
    text = tiny_flickr8k / "Flickr8k_text"
    with (text / "Flickr_8k.testImages.txt").open("a") as file:
        file.write("elsewhere.jpg\n")
    with pytest.raises(
        DataError, match=r"no captions of 1 of the 3 images in .*, such as elsewhere"
    ):
        read_references(text / "Flickr8k.token.txt", "test")


def test_a_list_that_is_not_utf8_is_refused(tiny_flickr8k: Path) -> None:
    text = tiny_flickr8k / "Flickr8k_text"
    (text / "Flickr_8k.testImages.txt").write_bytes(b"\xff\xfe\n")
    with pytest.raises(DataError, match="is not UTF-8"):
        read_references(text / "Flickr8k.token.txt", "test")


def test_train_is_all_that_people_train_on_in_karpathys_coco(tmp_path: Path) -> None:
    splits = ["train", "restval", "val"]
    images = [{"filename": f"{s}.jpg", "split": s, "sentences": [{"raw": s}]} for s in splits]
    (tmp_path / "dataset.json").write_text(json.dumps({"images": images}))
    found = all_of(read_references(tmp_path / "dataset.json", "train"))
    assert list(found) == ["train.jpg", "restval.jpg"]


def test_training_captions_are_those_of_train_wherever_it_is_known(
    flickr8k: Path, karpathy: Path, tmp_path: Path
) -> None:
    tokens = flickr8k / "Flickr8k_text" / "Flickr8k.token.txt"
    assert all_of(read_training(tokens)) == all_of(read_training(flickr8k))
    assert len(all_of(read_training(tokens))) == 12
    with pytest.raises(DataError, match=r"no split 'train'; it has test, val"):
        read_training(karpathy)
    (tmp_path / "plain.txt").write_text("a.jpg\ta dog\n")
    assert all_of(read_training(tmp_path / "plain.txt")) == {"a.jpg": ("a dog",)}


@pytest.mark.parametrize("name", ["captions_val2017.json", "mine.json"])
def test_splits_are_called_as_where_a_dataset_is_read(tmp_path: Path, name: str) -> None:
    rows = [{"image": "a.jpg", "caption": "a dog"}]
    if name == "mine.json":
        rows = [{**rows[0], "split": "Validation"}, {**rows[0], "image": "b.jpg", "split": "test"}]
    (tmp_path / name).write_text(json.dumps(rows))
    assert all_of(read_references(tmp_path / name, "val")) == {"a.jpg": ("a dog",)}


def test_a_dataset_needs_to_be_told_the_split(flickr8k: Path) -> None:
    with pytest.raises(DataError, match="is a dataset: give a split, train, val, test"):
        read_references(flickr8k)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*gone\.json: No such file"):
        read_references(tmp_path / "gone.json")


def test_an_image_of_another_split_is_not_taken_for_one_whose_file_is_called_alike(
    tmp_path: Path,
) -> None:
    record = Record("a/1.jpg", ImageFile(Path("a/1.jpg")), ("a dog",), "val")
    other = Record("b/1.jpg", ImageFile(Path("b/1.jpg")), ("a cat",), "train")
    splits = {s: Split(s, (r,)) for s, r in (("val", record), ("train", other))}
    entries = entries_of(Dataset(root=tmp_path, format="drawn", splits=splits), "val")
    assert [entry.names for entry in entries] == [("a/1.jpg",)]
    captions = [Entry(image_names(name), ("a dog",)) for name in ("photos/a/1.jpg", "b/1.jpg")]
    matched, references = pair_up(captions, entries)
    assert matched["a/1.jpg"] == "a dog"
    assert references == {"a/1.jpg": ("a dog",)}
