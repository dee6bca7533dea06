"""What of what was named may be a photo: see `showtell.batch.find`."""

import os
from pathlib import Path

import pytest

from showtell.batch.find import find_photos, is_one_file


def touch(root: Path, *names: str) -> list[Path]:
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return paths


def found(*paths: Path, recursive: bool = True) -> list[Path]:
    return [Path(photo.name) for photo in find_photos(paths, recursive=recursive)]


def test_a_folder_is_walked_in_order(tmp_path: Path) -> None:
    last, first, middle = touch(tmp_path, "c.png", "a.dat", "b/deep/photo")
    assert found(tmp_path) == [first, middle, last]


def test_a_folder_may_be_searched_without_those_in_it(tmp_path: Path) -> None:
    last, first, _ = touch(tmp_path, "c.png", "a.dat", "b/deep/photo")
    assert found(tmp_path, recursive=False) == [first, last]


def test_hidden_files_and_what_systems_put_among_photos_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / ".photos"  # the folder that was named may itself be hidden
    seen, *_ = touch(root, "seen.png", ".hidden.png", ".git/a.png", "@eaDir/a.png", "b/.t/a.png")
    assert found(root) == [seen]


def test_a_file_that_was_named_is_passed_on_whatever_it_is(tmp_path: Path) -> None:
    (text,) = touch(tmp_path, ".notes.txt")
    missing = tmp_path / "missing.jpg"
    assert found(text, missing) == [text, missing]


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b.jpg", "[.jpg", "*.nothing"])
def test_a_name_that_stands_for_no_file_is_passed_on(name: str) -> None:
    assert found(Path(name)) == [Path(name)]


def test_named_paths_keep_the_order_they_were_given_in(tmp_path: Path) -> None:
    paths = touch(tmp_path, "b.png", "a.png", "folder/c.png")
    assert found(paths[0], tmp_path / "folder", paths[1]) == [paths[0], paths[2], paths[1]]


def test_a_pattern_gives_the_files_it_stands_for(tmp_path: Path) -> None:
    b, a, _, deep = touch(tmp_path, "b.png", "a.png", "c.jpg", "sub/d.png")
    assert found(tmp_path / "*.png") == [a, b]
    assert found(tmp_path / "**" / "*.png") == [a, b, deep]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    odd, _ = touch(tmp_path, "photo[1].png", "photo1.png")
    assert found(odd) == [odd]


def test_a_single_file_is_told_from_folders_and_patterns(tmp_path: Path) -> None:
    (photo,) = touch(tmp_path, "a.png")
    assert is_one_file([photo])
    for path in ("missing.jpg", "x" * 5000, "a\0b.jpg", "-"):
        assert is_one_file([Path(path)])
    for paths in ([tmp_path], [photo, photo], [tmp_path / "*.png"]):
        assert not is_one_file(paths)


def test_links_that_lead_in_a_circle_end_the_walk(tmp_path: Path) -> None:
    (path,) = touch(tmp_path, "a.png")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    assert found(tmp_path) == [path, tmp_path / "itself"]


def test_a_linked_folder_is_walked_once(tmp_path: Path) -> None:
    (path,) = touch(tmp_path / "real", "a.png")
    (tmp_path / "root").mkdir()
    for name in ("one", "two"):
        (tmp_path / "root" / name).symlink_to(path.parent, target_is_directory=True)
    assert found(tmp_path / "root") == [tmp_path / "root" / "one" / "a.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    (photo,) = find_photos([tmp_path])
    closed.chmod(0o700)
    assert "cannot be read" in (photo.trouble or "")


def test_a_photo_knows_its_place_below_the_folder_that_was_named(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c.png")
    assert [photo.inside for photo in find_photos([tmp_path])] == ["a/b/c.png"]
    assert [photo.inside for photo in find_photos([tmp_path / "a"])] == ["b/c.png"]


def test_the_mirror_of_a_named_file_does_not_lead_out_of_it() -> None:
    names = [Path("a/b.png"), Path("../x/b.png"), Path("/r/b.png"), Path("a/../../b.png")]
    assert [photo.inside for photo in find_photos(names)] == [
        "a/b.png",
        "x/b.png",
        "r/b.png",
        "b.png",
    ]
