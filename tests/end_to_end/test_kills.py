"""Runs that end before their time: nothing is lost, nothing done twice."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix"),
]
PHOTOS = 300
KILLS = 20


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 photos in folders, unlike each other."""
    root = tmp_path_factory.mktemp("kills") / "photos"
    for number in range(PHOTOS):
        blocks = np.random.default_rng(number).integers(0, 256, (4, 4, 3), np.uint8)
        path = root / f"{number // 50}" / f"{number:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(blocks).resize((400, 300)).save(path)
    return root


@pytest.fixture
def photos(drawn: Path, tmp_path: Path) -> Path:
    shutil.copytree(drawn, tmp_path / "photos")
    return tmp_path / "photos"


def command(tiny_bundle: Path, *arguments: str) -> list[str]:
    options = ["--model", str(tiny_bundle), "--threads", "1", "--jobs", "2", "--batch-size", "4"]
    return [sys.executable, "-m", "showtell", "photos", *options, *arguments]


def run(tiny_bundle: Path, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(tiny_bundle, *arguments), cwd=where, capture_output=True, text=True, check=False
    )


def records_in(path: Path) -> list[dict]:
    """Records without the time they took; every line must be whole."""
    text = path.read_text("utf-8")
    assert text == "" or text.endswith("\n")
    rows = [json.loads(line) for line in text.splitlines()]
    return [row | {"elapsed_ms": 0} for row in rows]


@pytest.fixture(scope="module")
def undisturbed(drawn: Path, tiny_bundle: Path) -> list[dict]:
    done = run(tiny_bundle, drawn.parent, "--out", "out.jsonl")
    assert done.returncode == 0, done.stderr
    return records_in(drawn.parent / "out.jsonl")


def moments(out: Path) -> Iterator[int]:
    """Numbers of bytes of output at which to strike: from a little on to the whole of it."""
    chance = random.Random(6)
    size = 0
    for _ in range(KILLS):
        size = (out.stat().st_size if out.exists() else 0) + chance.randrange(1, 9000)
        yield size


def test_twenty_kills_leave_the_records_and_sidecars_of_an_undisturbed_run(
    photos: Path, tiny_bundle: Path, undisturbed: list[dict]
) -> None:
    arguments = ["--out", "out.jsonl", "--sidecar", "txt", "--on-existing", "append"]
    out = photos.parent / "out.jsonl"
    killed = 0
    for size in moments(out):
        process = subprocess.Popen(
            command(tiny_bundle, *arguments), cwd=photos.parent, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and (not out.exists() or out.stat().st_size < size):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if out.exists():
            records_in(out)  # valid after every kill
    assert killed == KILLS
    done = run(tiny_bundle, photos.parent, *arguments)
    assert done.returncode == 0, done.stderr
    assert records_in(out) == undisturbed
    for record in undisturbed:
        sidecar = (photos.parent / record["path"]).with_suffix(".txt")
        assert sidecar.read_text("utf-8") == f"{record['caption']}\n"
    assert len(list(photos.rglob("*.txt"))) == PHOTOS
    assert not list(photos.parent.rglob(".showtell-*.tmp"))  # of the runs that were killed


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(
    photos: Path, tiny_bundle: Path, undisturbed: list[dict]
) -> None:
    out = photos.parent / "out.jsonl"
    arguments = ["--out", "out.jsonl"]
    process = subprocess.Popen(
        command(tiny_bundle, *arguments),
        cwd=photos.parent,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while process.poll() is None and (not out.exists() or not out.stat().st_size):
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert 0 < len(records_in(out)) < PHOTOS
    assert run(tiny_bundle, photos.parent, *arguments).returncode == 0
    assert records_in(out) == undisturbed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be made here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_the_run_with_a_message_and_leaves_what_is_written_valid(
    photos: Path, tiny_bundle: Path, small_disk: Path, undisturbed: list[dict]
) -> None:
    arguments = ["--out", "disk/out.jsonl"]
    done = run(tiny_bundle, photos.parent, *arguments)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "out.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
    kept = records_in(small_disk / "out.jsonl")
    assert kept == undisturbed[: len(kept)]
    assert kept
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    assert run(tiny_bundle, photos.parent, *arguments).returncode == 0
    assert records_in(small_disk / "out.jsonl") == undisturbed


def test_a_folder_that_turned_read_only_stops_the_run(
    photos: Path, tiny_bundle: Path, small_disk: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = run(tiny_bundle, photos.parent, "--sidecar", "txt", "--sidecar-dir", "disk")
    assert done.returncode == 1
    assert "Read-only" in done.stderr
    assert len(done.stderr.splitlines()) == 1
