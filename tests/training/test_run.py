"""A run folder belongs to one configuration and one dataset."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from showtell.config import Config, EncoderConfig
from showtell.data.records import ImageFile, Record
from showtell.errors import CheckpointError
from showtell.training.description import describe_data, describe_run, describe_software
from showtell.training.run import (
    RunFolder,
    begin_run,
    delete_run,
    load_run,
)
from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

VOCABULARY = Vocabulary((*SPECIAL_TOKENS, "a", "dog"))
RECORDS = [Record("a.jpg", ImageFile(Path("a.jpg")), ("a dog", "one dog"), "train")]
PICTURES = {"a.jpg": "0" * 64}
DATA = describe_data("drawn", {"train": RECORDS}, PICTURES)
MADE_BY = describe_software("showtell train drawn.toml", "cpu")


def test_a_run_begun_twice_is_one_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "merge")
    for _ in range(2):
        begin_run(folder, VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    assert json.loads(folder.config.read_text())["config"]["decoder"]["architecture"] == "merge"
    assert folder.vocabulary.read_text().split("\n")[4:6] == ["a", "dog"]


def test_beginning_clears_what_a_killed_run_left_and_no_other_programs_files(
    tmp_path: Path,
) -> None:
    ours, theirs = tmp_path / f".showtell-{2**22 + 1}-{'0' * 12}.tmp", tmp_path / ".theirs.tmp"
    for path in (ours, theirs):
        path.touch()
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    assert not ours.exists()
    assert theirs.exists()


def test_another_configuration_is_refused_with_the_remedy(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    with pytest.raises(CheckpointError, match=r"differs in seed \(1, now 2\); .*--out.*--force"):
        begin_run(
            RunFolder(tmp_path), VOCABULARY, describe_run(replace(Config(), seed=2), DATA, MADE_BY)
        )


def test_a_run_of_an_older_version_that_knew_fewer_settings_goes_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    begin_run(folder, VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    described = json.loads(folder.config.read_text())
    for name in ("weights", "output", "mean", "std"):
        del described["config"]["encoder"][name]
    folder.config.write_text(json.dumps(described))
    begin_run(folder, VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    with_mean = replace(Config(), encoder=EncoderConfig(mean=(1.0, 1.0, 1.0)))
    with pytest.raises(CheckpointError, match=r"encoder\.mean"):
        begin_run(folder, VOCABULARY, describe_run(with_mean, DATA, MADE_BY))


def test_a_run_with_a_mean_of_its_own_goes_on(tmp_path: Path) -> None:
    config = replace(Config(), encoder=EncoderConfig(mean=(1.0, 1.0, 1.0)))
    for _ in range(2):
        begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(config, DATA, MADE_BY))


def test_an_encoder_of_other_weights_is_another_run(tmp_path: Path) -> None:
    begin_run(
        RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY, encoder_sha256="a")
    )
    again = begin_run(
        RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY, encoder_sha256="a")
    )
    assert not again
    with pytest.raises(CheckpointError, match="the weights of its encoder"):
        begin_run(
            RunFolder(tmp_path),
            VOCABULARY,
            describe_run(Config(), DATA, MADE_BY, encoder_sha256="b"),
        )


@pytest.mark.parametrize("captions", [("a dog", "one dog."), ("one dog", "a dog"), ("a dog",)])
def test_other_captions_are_other_data(tmp_path: Path, captions: tuple[str, ...]) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    records = [replace(RECORDS[0], captions=captions)]
    changed = describe_data("drawn", {"train": records}, PICTURES)
    with pytest.raises(CheckpointError):
        begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), changed, MADE_BY))


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is not a training run: it has no config\.json"):
        load_run(tmp_path)


def test_a_run_without_a_finished_epoch_says_so(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    with pytest.raises(CheckpointError, match=r"best\.safetensors; has this run been trained"):
        load_run(tmp_path)


def test_a_damaged_configuration_is_named(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    RunFolder(tmp_path).config.write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json does not describe a training run"):
        load_run(tmp_path)


def test_other_pictures_are_other_data(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    changed = describe_data("drawn", {"train": RECORDS}, {"a.jpg": "1" * 64})
    with pytest.raises(CheckpointError):
        begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), changed, MADE_BY))


def test_a_dataset_that_moved_is_the_same_data(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    moved = describe_data("elsewhere", {"train": RECORDS}, PICTURES)
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), moved, MADE_BY))


def test_the_command_and_the_versions_are_kept(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    made_by = json.loads(RunFolder(tmp_path).config.read_text())["made_by"]
    assert made_by["command"] == "showtell train drawn.toml"
    assert set(made_by["versions"]) == {"showtell", "torch", "onnxruntime", "numpy"}


def test_deleting_a_run_leaves_all_other_files(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), VOCABULARY, describe_run(Config(), DATA, MADE_BY))
    (tmp_path / "notes.txt").write_text("mine")
    delete_run(RunFolder(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_of_something_else_is_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(CheckpointError, match="does not describe a training run"):
        delete_run(RunFolder(tmp_path))
    assert (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("vocabulary.txt", lambda data: data.rsplit(b"\n", 2)[0] + b"\n"),
        ("vocabulary.txt", lambda data: data.replace(b"circle", b"square2")),
        ("vocabulary.txt", None),
        ("config.json", lambda data: b"{}"),
        ("config.json", lambda data: data.replace(b'"hidden_dim": 24', b'"hidden_dim": 25')),
        ("best.safetensors", lambda data: data[:-9]),
        ("best.safetensors", None),
    ],
)
def test_a_damaged_run_is_one_clear_error(
    tiny_run: Path, tmp_path: Path, file: str, damage: Callable[[bytes], bytes] | None
) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    data = (run / file).read_bytes()
    (run / file).unlink()
    if damage:
        assert damage(data) != data
        (run / file).write_bytes(damage(data))
    with pytest.raises(CheckpointError, match=re.escape(str(run))):
        load_run(run)
