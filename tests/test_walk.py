"""One walk for libraries and datasets: see `showtell.walk`."""

import os
from pathlib import Path

import pytest
from pi_heif import register_heif_opener
from PIL import Image

from showtell.batch.find import find_photos
from showtell.data.reading.flickr8k import load_flickr8k
from showtell.data.reading.tree import walk
from showtell.images.reading import FORMATS
from showtell.suffixes import PICTURE_SUFFIXES, READABLE_SUFFIXES
from showtell.walk import walk_files

DEBRIS = [
    ".hidden.jpg",
    ".git/a.jpg",
    "@eaDir/a.jpg",
    "#recycle/a.jpg",
    "__MACOSX/a.jpg",
    "$RECYCLE.BIN/a.jpg",
    "lost+found/a.jpg",
    "My.photoslibrary/a.jpg",
    "Previews.lrdata/a.jpg",
    "a.jpg_original",
    "runs/x/curves.jpg",
]
SEEN = ["b/c.jpg", "holiday_original/d.jpg", "z.jpg"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures among whatever systems and programs put there, and a training run."""
    root = tmp_path / ".pictures"  # a folder that is named may be called anything
    for name in (*DEBRIS, *SEEN, "runs/x/config.json", "runs/x/log.jsonl"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_libraries_and_datasets_pass_over_the_same_debris(folder: Path) -> None:
    names = [path.relative_to(folder).as_posix() for path in walk_files(folder)]
    assert names == SEEN
    assert [Path(photo.name).relative_to(folder).as_posix() for photo in find_photos([folder])] == (
        SEEN
    )
    assert list(walk(folder).images) == SEEN


def test_flickr8ks_own_files_are_not_looked_for_in_debris(tiny_flickr8k: Path) -> None:
    before = load_flickr8k(tiny_flickr8k)
    for name in ("@eaDir", "x.lrdata", "runs/x"):
        (tiny_flickr8k / name).mkdir(parents=True)
        (tiny_flickr8k / name / "another.jpg").write_bytes(b"x")
    for name in ("config.json", "log.jsonl"):
        (tiny_flickr8k / "runs" / "x" / name).touch()
    assert load_flickr8k(tiny_flickr8k).unlisted_images == before.unlisted_images


def test_a_walk_may_be_as_deep_as_one_likes(folder: Path) -> None:
    (folder / "b" / "deep").mkdir()
    (folder / "b" / "deep" / "e.jpg").touch()
    names = [[Path(p).name for p in walk_files(folder, depth=depth)] for depth in (1, 2, None)]
    assert names == [
        ["z.jpg"],
        ["c.jpg", "d.jpg", "z.jpg"],
        ["c.jpg", "e.jpg", "d.jpg", "z.jpg"],
    ]


def test_a_run_that_is_named_itself_is_walked_by_libraries_alone(folder: Path) -> None:
    run = folder / "runs" / "x"
    assert "curves.jpg" in [Path(photo.name).name for photo in find_photos([run])]
    assert walk(run).images == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_that_may_not_be_read_is_told_in_its_place(folder: Path) -> None:
    (folder / "b").chmod(0)
    error, *_ = walk_files(folder)
    (folder / "b").chmod(0o700)
    assert isinstance(error, OSError)
    assert error.filename == str(folder / "b")


@pytest.mark.parametrize("suffix", READABLE_SUFFIXES)
def test_a_dataset_takes_every_picture_that_a_library_does(suffix: str, tmp_path: Path) -> None:
    assert suffix in PICTURE_SUFFIXES
    for name in (f"a{suffix}", f"B{suffix.upper()}"):
        (tmp_path / name).touch()
    assert len(walk(tmp_path).images) == 2


def test_the_list_of_formats_has_all_names_of_those_that_are_read() -> None:
    register_heif_opener()
    Image.init()
    registered = Image.registered_extensions().items()
    assert {name for name, form in registered if form in FORMATS} <= set(READABLE_SUFFIXES)
