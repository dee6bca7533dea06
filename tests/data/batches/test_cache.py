"""The feature cache, above all what a killed writer leaves behind."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from showtell.data.batches.cache import FeatureCache, default_cache_dir
from showtell.errors import DataError

MADE_BY = {"encoder": "drawn", "weights_sha256": "0" * 64, "features": "grid"}
SHAPE = (2, 3)
ROW_BYTES = 2 * 2 * 3

# What the writers in other processes share with this one.
WRITER = """
    import sys
    from pathlib import Path
    import numpy as np
    from showtell.data.batches.cache import FeatureCache

    def sha256(number):
        return f"{number:064x}"

    def append(cache, number):
        with cache.writing() as writer:
            if sha256(number) not in cache:
                writer.append([sha256(number)], np.full((1, 2, 3), number, np.float32))

    cache = FeatureCache(Path(sys.argv[1]), made_by=MADE_BY, shape=(2, 3))
"""


def sha256(number: int) -> str:
    return f"{number:064x}"


def features(numbers: Iterable[int]) -> NDArray[np.float32]:
    """Features that tell which picture they belong to."""
    return np.stack([np.full(SHAPE, number, np.float32) for number in numbers])


def open_cache(root: Path, numbers: Iterable[int] = ()) -> FeatureCache:
    """Open a cache; append the pictures of these numbers."""
    cache = FeatureCache(root, made_by=MADE_BY, shape=SHAPE)
    if fresh := [number for number in numbers if sha256(number) not in cache]:
        with cache.writing() as writer:
            writer.append([sha256(number) for number in fresh], features(fresh))
    return cache


def held(cache: FeatureCache, numbers: Iterable[int]) -> list[int]:
    """The pictures that the cache holds; fails if one has the row of another."""
    found = [number for number in numbers if sha256(number) in cache]
    rows = cache.rows([sha256(number) for number in found])
    assert len(cache) == len(found)
    if found:
        assert np.array_equal(cache.open()[rows], features(found).astype(np.float16))
    return found


def start_writer(root: Path, body: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(WRITER).replace("MADE_BY", repr(MADE_BY)) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True
    )


def test_a_new_cache_is_empty(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    assert len(cache) == 0
    assert sha256(1) not in cache
    assert cache.open().shape == (0, *SHAPE)
    assert cache.rows([]).shape == (0,)


def test_what_is_appended_is_read_back_by_this_and_the_next_process(tmp_path: Path) -> None:
    cache = open_cache(tmp_path, [7, 3, 5])
    assert cache.open().shape == (3, *SHAPE)
    assert cache.rows([sha256(5), sha256(7)]).tolist() == [2, 0]
    assert held(cache, range(10)) == held(open_cache(tmp_path), range(10)) == [3, 5, 7]


def test_several_batches_follow_each_other(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    with cache.writing() as writer:
        writer.append([sha256(1), sha256(2)], features([1, 2]))
        writer.append([sha256(3)], features([3]))
    open_cache(tmp_path, [4])
    assert held(open_cache(tmp_path), range(10)) == [1, 2, 3, 4]


def test_features_are_kept_as_float16(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    third = np.full((1, *SHAPE), 1 / 3, np.float32)
    with cache.writing() as writer:
        writer.append([sha256(1)], third)
    found = cache.open()
    assert found.dtype == np.float16
    assert np.array_equal(found, third.astype(np.float16))
    assert (cache.path / "features.f16").stat().st_size == ROW_BYTES


def test_features_cannot_be_changed_through_the_map(tmp_path: Path) -> None:
    found = open_cache(tmp_path, [1]).open()
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@pytest.mark.parametrize("changed", [{"encoder": "other"}, {"weights_sha256": "1" * 64}])
def test_a_changed_encoder_never_reads_the_old_features(
    changed: dict[str, str], tmp_path: Path
) -> None:
    open_cache(tmp_path, [1])
    other = FeatureCache(tmp_path, made_by={**MADE_BY, **changed}, shape=SHAPE)
    assert len(other) == 0
    other_shape = FeatureCache(tmp_path, made_by=MADE_BY, shape=(1, 6))
    assert len(other_shape) == 0


def test_the_folder_says_what_made_the_features(tmp_path: Path) -> None:
    meta = json.loads((open_cache(tmp_path).path / "meta.json").read_text(encoding="utf-8"))
    assert meta == {"made_by": MADE_BY, "shape": [2, 3], "dtype": "float16"}


def test_pictures_without_features_are_counted(tmp_path: Path) -> None:
    cache = open_cache(tmp_path, [1])
    with pytest.raises(DataError, match=r"^2 pictures have no features in ") as error:
        cache.rows([sha256(1), sha256(2), sha256(3)])
    assert str(cache.path) in str(error.value)


@settings(max_examples=100)
@given(draws=st.data())
def test_files_cut_at_any_byte_never_give_a_wrong_row(
    draws: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("cut")
    path = open_cache(root, range(6)).path
    for name in ("index.jsonl", "features.f16"):
        content = (path / name).read_bytes()
        (path / name).write_bytes(content[: draws.draw(st.integers(0, len(content)), label=name)])
    data_rows = (path / "features.f16").stat().st_size // ROW_BYTES
    lines = (path / "index.jsonl").read_bytes().count(b"\n")
    survivors = list(range(min(data_rows, lines)))
    assert held(open_cache(root), range(6)) == survivors
    assert held(open_cache(root, [8, 9]), range(10)) == [*survivors, 8, 9]
    assert held(open_cache(root, range(10)), range(10)) == list(range(10))
    assert held(open_cache(root), range(10)) == list(range(10))


@pytest.mark.parametrize("name", ["meta.json", "index.jsonl", "features.f16"])
def test_a_cache_that_was_killed_as_it_began_is_begun_again(name: str, tmp_path: Path) -> None:
    (open_cache(tmp_path).path / name).unlink()
    open_cache(tmp_path, [1])
    assert held(open_cache(tmp_path), range(3)) == [1]


def test_a_killed_writer_loses_at_most_the_row_in_hand(tmp_path: Path) -> None:
    body = """
        number = 0
        while True:
            append(cache, number)
            print(number, flush=True)
            number += 1
    """
    with start_writer(tmp_path, body) as process:
        assert process.stdout is not None
        for _ in range(20):
            last = int(process.stdout.readline())
        process.kill()
    found = held(open_cache(tmp_path), range(10_000))
    assert found == list(range(len(found)))
    assert len(found) > last == 19
    assert held(open_cache(tmp_path, [10_001]), range(10_002)) == [*found, 10_001]


def test_a_writer_killed_inside_a_batch_leaves_the_batches_before_it(tmp_path: Path) -> None:
    body = """
        with cache.writing() as writer:
            for number in range(3):
                writer.append([sha256(number)], np.full((1, 2, 3), number, np.float32))
            (cache.path / "features.f16").open("ab").write(b"half a row")
            print("ready", flush=True)
            sys.stdin.read()
    """
    with start_writer(tmp_path, body) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
    assert held(open_cache(tmp_path), range(9)) == [0, 1, 2]
    assert held(open_cache(tmp_path, [3]), range(9)) == [0, 1, 2, 3]


@pytest.mark.skipif(sys.platform == "win32", reason="no lock between processes there")
def test_two_processes_can_fill_one_cache_at_once(tmp_path: Path) -> None:
    body = """
        for number in range(int(FIRST), int(FIRST) + 40):
            append(cache, number)
    """
    writers = [start_writer(tmp_path, body.replace("FIRST", str(first))) for first in (0, 20)]
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    assert held(open_cache(tmp_path), range(100)) == list(range(60))


@pytest.mark.skipif(sys.platform == "win32", reason="no lock between processes there")
def test_a_writer_sees_what_another_wrote_since_it_opened(tmp_path: Path) -> None:
    early = open_cache(tmp_path)
    open_cache(tmp_path, [1, 2])
    assert sha256(1) not in early
    with early.writing() as writer:
        assert sha256(1) in early
        writer.append([sha256(3)], features([3]))
    assert held(early, range(9)) == held(open_cache(tmp_path), range(9)) == [1, 2, 3]


@pytest.mark.parametrize(
    "line",
    [
        b"no JSON\n",
        b"\n",
        b'{"sha": "1"}\n',
        b"[]\n",
        b'{"sha256": ["1"]}\n',
        b"\xff\n",
        json.dumps({"sha256": sha256(1)}).encode() + b"\n",  # the first line again
    ],
)
def test_a_damaged_index_is_refused_with_the_remedy(line: bytes, tmp_path: Path) -> None:
    cache = open_cache(tmp_path, [1, 2])
    index = cache.path / "index.jsonl"
    index.write_bytes(index.read_bytes().splitlines(keepends=True)[0] + line)
    with pytest.raises(DataError) as error:
        open_cache(tmp_path)
    assert str(error.value).startswith(f"{index} is damaged; delete the folder {cache.path} ")


def test_the_cache_lies_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOWTELL_CACHE", "/somewhere")
    assert default_cache_dir() == Path("/somewhere")


@pytest.mark.parametrize("unset", [None, ""])
def test_the_cache_lies_in_the_users_cache_folder(
    unset: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SHOWTELL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
        if unset is not None:
            monkeypatch.setenv(name, unset)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert default_cache_dir() == tmp_path / ".cache" / "showtell"
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert default_cache_dir() == Path("/xdg/showtell")


@pytest.mark.parametrize("value", [7e4, -7e4, np.inf, np.nan])
def test_features_that_float16_cannot_hold_are_refused(tmp_path: Path, value: float) -> None:
    cache = open_cache(tmp_path)
    rows = features([1, 2])
    rows[1, 0, 0] = value
    with pytest.raises(DataError, match="float16 cannot hold"), cache.writing() as writer:
        writer.append([sha256(1), sha256(2)], rows)
    assert len(open_cache(tmp_path)) == 0
