"""What lies below a folder, and which image a name means."""

from pathlib import Path

import pytest

from showtell.data.reading.tree import ImageNames, walk
from showtell.errors import DataError

IMAGES = ImageNames(["a.jpg", "train/b.jpg", "val/b.jpg", "val/d e.png", "x/c.jpg", "x/c.png"])


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.jpg", "a.jpg"),
        ("./a.jpg", "a.jpg"),
        ("/home/me/a.jpg", "a.jpg"),
        ("C:\\photos\\val\\b.jpg", "val/b.jpg"),
        ("/data/train/b.jpg", "train/b.jpg"),
        ("elsewhere/d e.png", "val/d e.png"),
        ("c.png", "x/c.png"),
        ("a", "a.jpg"),  # without its suffix
        ("train/b", "train/b.jpg"),
        ("a.png", None),  # with another
        ("gone.jpg", None),
        ("7", None),
    ],
)
def test_an_image_is_found_by_the_end_of_its_path(name: str, image: str | None) -> None:
    assert IMAGES.find([name], folder=".", where="here") == image


def test_a_path_is_relative_to_the_caption_file_first() -> None:
    assert IMAGES.find(["b.jpg"], folder="val", where="here") == "val/b.jpg"
    assert IMAGES.find(["../a.jpg"], folder="val", where="here") == "a.jpg"


@pytest.mark.parametrize(
    ("name", "folder", "image"),
    [
        ("trip/img.jpg", ".", "trip/IMG.JPG"),  # not the other, which is written as the name
        ("/sd/TRIP/img.jpg", ".", "trip/IMG.JPG"),
        ("img.jpg", "trip", "trip/IMG.JPG"),
        ("/sd/home/IMG.JPG", ".", "home/IMG.JPG"),  # of two in one folder, the one as written
    ],
)
def test_a_path_in_another_case_is_the_same_path(name: str, folder: str, image: str) -> None:
    images = ImageNames(["trip/IMG.JPG", "home/img.jpg", "home/IMG.JPG"])
    assert images.find([name], folder=folder, where="here") == image


def test_the_split_goes_before_the_case() -> None:
    images = ImageNames(["train/B.JPG", "val/b.jpg"])
    assert images.find(["b.jpg"], folder=".", where="here", split="train") == "train/B.JPG"


def test_a_name_in_a_case_of_its_own_is_refused_where_two_differ_by_case() -> None:
    images = ImageNames(["home/img.jpg", "home/IMG.JPG"])
    with pytest.raises(DataError, match=r"could be any of home/IMG\.JPG, home/img\.jpg"):
        images.find(["home/Img.jpg"], folder=".", where="here")


@pytest.mark.parametrize("name", ["b.jpg", "/elsewhere/b.jpg", "x/c"])
def test_a_name_that_could_mean_two_images_is_refused(name: str) -> None:
    if name == "x/c":  # the path as it stands is neither
        with pytest.raises(DataError, match=r"x/c could be any of x/c\.jpg, x/c\.png"):
            IMAGES.find([name], folder=".", where="here")
        return
    with pytest.raises(DataError, match=r"here: .*b\.jpg could be any of train/b\.jpg, val/b\.jpg"):
        IMAGES.find([name], folder=".", where="here")


def test_the_split_decides_between_folders_that_are_called_by_it() -> None:
    assert IMAGES.find(["b.jpg"], folder=".", where="here", split="train") == "train/b.jpg"
    coco = ImageNames(["train2017/1.jpg", "val2017/1.jpg"])
    assert coco.find(["7", "1.jpg"], folder=".", where="here", split="val") == "val2017/1.jpg"
    with pytest.raises(DataError, match="could be any of"):
        IMAGES.find(["b.jpg"], folder=".", where="here", split="test")


def test_a_number_beside_a_file_name_is_not_taken_for_a_name() -> None:
    assert ImageNames(["7.jpg"]).find(["7", "a.jpg", "a"], folder=".", where="here") is None


def test_hidden_files_are_left_out_and_links_that_lead_back_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.JPG", "in/a.webp", "notes.md", ".hidden.jpg", "._b.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    tree = walk(tmp_path)
    assert (list(tree.images), tree.others) == (["b.JPG", "in/a.webp"], ("notes.md",))


def test_an_accent_that_stands_apart_is_composed(tmp_path: Path) -> None:
    (tmp_path / "cafe\N{COMBINING ACUTE ACCENT}.jpg").write_bytes(b"here")
    (image,) = walk(tmp_path).images.items()
    assert image[0] == "café.jpg"
    assert image[1].read_bytes() == b"here"
    assert (
        ImageNames([image[0]]).find(["cafe\N{COMBINING ACUTE ACCENT}.jpg"], folder=".", where="")
        == image[0]
    )


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / "caf\udce9.jpg").touch()
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(DataError, match="not UTF-8"):
        walk(tmp_path)
