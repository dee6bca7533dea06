"""The whole path as a user walks it: dataset, features, training, scores, bundle, sentences."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from showtell.cli.main import run
from showtell.training.checkpoint import load_checkpoint, weights_of

SHOWTELL = [sys.executable, "-m", "showtell"]


def test_from_a_dataset_to_a_captioned_photo(
    flickr8k: Path,
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOWTELL_CACHE", str(tmp_path / "cache"))
    data = str(flickr8k)
    size = ["--encoder", "efficientnet-lite0", "--image-size", "64"]
    assert run(["features", data, *size]) == 0
    assert run(["train", str(tiny_config), "--data", data]) == 0
    left = {path.name for path in Path("runs/tiny").iterdir()} - {".lock"}
    assert left == {
        "config.json",
        "vocabulary.txt",
        "last.safetensors",
        "best.safetensors",
        "log.jsonl",
        "curves.png",
        "val_captions.json",
    }
    assert run(["evaluate", "runs/tiny", "--data", data, "--split", "val"]) == 0
    export = ["export", "runs/tiny", "--out", "tiny.bundle", "--precision", "float32"]
    assert run(export) == 0
    capsys.readouterr()
    photo = sorted(flickr8k.rglob("*.jpg"))[0]
    assert run([str(photo), "--model", "tiny.bundle"]) == 0
    assert capsys.readouterr().out.rstrip().endswith(".")


def test_training_learns_what_the_pictures_show(tiny_run: Path) -> None:
    entries = [json.loads(line) for line in (tiny_run / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["train_loss"] < entries[0]["train_loss"]
    assert max(entry["scores"]["CIDEr"] for entry in entries) > 20  # a constant caption: about 10


@pytest.fixture
def train(flickr8k: Path, tiny_config: Path, tiny_run: Path, tmp_path: Path) -> list[str]:
    """A training command that saves after every batch; features are already cached."""
    return [
        *SHOWTELL,
        "train",
        str(tiny_config),
        "--data",
        str(flickr8k),
        "--set",
        "training.checkpoint_every_s=1e-9",
        "--cache-dir",
        str(tiny_run.parent / "cache"),
    ]


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("blow", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_a_run_that_is_killed_or_interrupted_ends_as_one_that_was_not(
    train: list[str], tmp_path: Path, blow: signal.Signals, code: int
) -> None:
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    process = subprocess.Popen(
        [*train, "--out", str(stopped)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    wait_for(stopped / "last.safetensors", process)
    process.send_signal(blow)
    _, err = process.communicate()
    assert process.returncode == code, err
    assert "Traceback" not in err
    for out in (stopped, whole):
        subprocess.run([*train, "--out", str(out)], check=True, capture_output=True)
    a, b = (weights_of(load_checkpoint(out / "last.safetensors")[0]) for out in (stopped, whole))
    assert all((a[name] == b[name]).all() for name in a)
    assert not list(stopped.glob(".*.tmp")), "temporary files are left"


@pytest.mark.slow
def test_captioning_that_is_interrupted_leaves_whole_lines(
    flickr8k: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    photos = sorted(flickr8k.rglob("*.jpg"))
    many = tmp_path / "many"
    many.mkdir()
    for number in range(2000):
        (many / f"{number:04}.jpg").symlink_to(photos[number % len(photos)])
    process = subprocess.Popen(
        [*SHOWTELL, str(many), "--json", "--model", str(tiny_bundle), "--batch-size", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "showtell: interrupted; what is written is valid"
    records = [json.loads(line) for line in (first + out).splitlines()]
    assert 1 <= len(records) < 2000
