"""Photos as they arrive: see `showtell.batch.watch`."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from showtell.batch.watch import arrivals

pytest.importorskip("watchfiles")
TICKS = 400  # of a quarter of a second, after which a test gives up
Step = tuple[Callable[[], object], str]  # what to do, and what to wait for afterwards


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, beside which we stand."""
    monkeypatch.chdir(tmp_path)
    Path("inbox").mkdir()
    return Path("inbox")


def watch(*folders: Path, steps: list[Step], recursive: bool = True) -> tuple[list[str], list[str]]:
    """Watch folders while steps are taken; give the names of photos and the lines that came.

    After each step the words that belong to it are waited for, in a name or in a line.
    """
    names: list[str] = []
    told: list[str] = []
    ticks, left, awaited = itertools.count(), iter(steps), ""

    def tick() -> bool:
        nonlocal awaited
        now = next(ticks)
        if now < 3 or not any(awaited in words for words in ("", *names, *told)):
            assert now < TICKS, f"{awaited} never came, but {names} and {told}"
            return False
        act, awaited = next(left, (None, ""))
        if act:
            act()
        return act is None

    arrived = arrivals(
        folders,
        recursive=recursive,
        alone=len(folders) == 1,
        known=lambda name: False,
        should_stop=tick,
        tell=told.append,
        settled_s=0.1,
    )
    for photos in arrived:
        names += [photo.name for photo in photos]
    return names, told


def put(*names: str) -> Callable[[], None]:
    def write() -> None:
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(b"x")

    return write


def move(source: str, target: str) -> Callable[[], object]:
    return lambda: Path(source).rename(target)


def test_a_folder_that_is_moved_in_brings_its_photos(inbox: Path) -> None:
    put("trip/a.jpg", "trip/deep/b.jpg", "trip/.git/c.jpg", "trip/run/d.jpg")()
    put("trip/run/config.json", "trip/run/log.jsonl")()
    steps = [(move("trip", "inbox/trip"), "b.jpg"), (put("inbox/last.jpg"), "last.jpg")]
    names, _ = watch(inbox, steps=steps)
    assert sorted(names) == ["inbox/last.jpg", "inbox/trip/a.jpg", "inbox/trip/deep/b.jpg"]


def test_without_recursion_a_folder_that_is_moved_in_brings_none(inbox: Path) -> None:
    put("trip/a.jpg", "inbox/there/b.jpg")()
    steps = [
        (move("trip", "inbox/trip"), ""),
        (put("inbox/there/c.jpg", "inbox/new/d.jpg", "inbox/e.jpg"), "e.jpg"),
        (put("inbox/last.jpg"), "last.jpg"),
    ]
    names, _ = watch(inbox, steps=steps, recursive=False)
    assert names == ["inbox/e.jpg", "inbox/last.jpg"]


def test_without_recursion_a_folder_in_a_folder_may_be_watched_too(inbox: Path) -> None:
    (inbox / "sub").mkdir()
    steps = [(put("inbox/sub/a.jpg"), "a.jpg"), (put("inbox/b.jpg"), "b.jpg")]
    names, _ = watch(inbox, inbox / "sub", steps=steps, recursive=False)
    assert names == ["inbox/sub/a.jpg", "inbox/b.jpg"]


def test_a_link_that_leads_back_brings_nothing(inbox: Path) -> None:
    put("inbox/a.jpg")()
    steps = [
        (lambda: (inbox / "again").symlink_to(inbox.absolute()), "a.jpg"),
        (put("inbox/last.jpg"), "last.jpg"),
    ]
    names, _ = watch(inbox, steps=steps)
    assert names == ["inbox/a.jpg", "inbox/last.jpg"]


def test_pictures_of_a_training_run_are_no_arrivals(inbox: Path) -> None:
    put("inbox/run/config.json", "inbox/run/log.jsonl")()
    steps = [(put("inbox/run/curves.jpg", "inbox/a.jpg"), "a.jpg"), (put("inbox/b.jpg"), "b.jpg")]
    names, _ = watch(inbox, steps=steps)
    assert names == ["inbox/a.jpg", "inbox/b.jpg"]


def test_a_folder_that_goes_is_told_and_waited_for(inbox: Path) -> None:
    steps = [
        (move("inbox", "elsewhere"), "inbox: the folder is gone"),
        (put("elsewhere/a.jpg"), ""),
        (move("elsewhere", "inbox"), "inbox: the folder is there again"),
        (put("inbox/b.jpg"), "b.jpg"),
    ]
    names, told = watch(inbox, steps=steps)
    assert sorted(names) == ["inbox/a.jpg", "inbox/b.jpg"]
    assert len(told) == 2


def test_another_folder_in_the_place_of_one_is_told_and_watched(inbox: Path) -> None:
    def replace() -> None:
        put("new/a.jpg")()
        inbox.rename("old")
        Path("new").rename(inbox)

    steps = [(replace, "taken its place"), (put("inbox/b.jpg", "old/c.jpg"), "b.jpg")]
    names, _ = watch(inbox, steps=steps)
    assert sorted(names) == ["inbox/a.jpg", "inbox/b.jpg"]


def test_of_two_folders_one_may_go_and_the_other_is_watched_on(inbox: Path) -> None:
    Path("other").mkdir()
    steps = [
        (lambda: Path("other").rmdir(), "other: the folder is gone"),
        (put("inbox/a.jpg"), "a.jpg"),
    ]
    names, _ = watch(inbox, Path("other"), steps=steps)
    assert names == ["inbox/a.jpg"]


def test_a_folder_that_is_gone_before_the_watch_is_told(inbox: Path) -> None:
    inbox.rmdir()
    steps = [(inbox.mkdir, "there again"), (put("inbox/a.jpg"), "a.jpg")]
    names, told = watch(inbox, steps=steps)
    assert names == ["inbox/a.jpg"]
    assert "gone" in told[0]
