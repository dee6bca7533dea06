"""A run folder belongs to one configuration and one dataset."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from showtell.config import Config
from showtell.data.sources import ImageFile, Record
from showtell.errors import CheckpointError
from showtell.training.run import RunFolder, begin_run, describe_data, load_run
from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

VOCABULARY = Vocabulary((*SPECIAL_TOKENS, "a", "dog"))
RECORDS = [Record("a.jpg", ImageFile(Path("a.jpg")), ("a dog", "one dog"), "train")]
DATA = describe_data("drawn", {"train": RECORDS})


def test_a_run_begun_twice_is_one_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "merge")
    for _ in range(2):
        begin_run(folder, Config(), VOCABULARY, DATA)
    assert json.loads(folder.config.read_text())["config"]["decoder"]["architecture"] == "merge"
    assert folder.vocabulary.read_text().split("\n")[4:6] == ["a", "dog"]


def test_another_configuration_is_refused_with_the_remedy(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), Config(), VOCABULARY, DATA)
    with pytest.raises(CheckpointError, match=r"other settings or data.*--out.*--force"):
        begin_run(RunFolder(tmp_path), replace(Config(), seed=2), VOCABULARY, DATA)


@pytest.mark.parametrize("captions", [("a dog", "one dog."), ("one dog", "a dog"), ("a dog",)])
def test_other_captions_are_other_data(tmp_path: Path, captions: tuple[str, ...]) -> None:
    begin_run(RunFolder(tmp_path), Config(), VOCABULARY, DATA)
    changed = describe_data("drawn", {"train": [replace(RECORDS[0], captions=captions)]})
    with pytest.raises(CheckpointError):
        begin_run(RunFolder(tmp_path), Config(), VOCABULARY, changed)


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is not a training run: it has no config\.json"):
        load_run(tmp_path)


def test_a_run_without_a_finished_epoch_says_so(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), Config(), VOCABULARY, DATA)
    with pytest.raises(CheckpointError, match=r"best\.safetensors; has this run been trained"):
        load_run(tmp_path)


def test_a_damaged_configuration_is_named(tmp_path: Path) -> None:
    begin_run(RunFolder(tmp_path), Config(), VOCABULARY, DATA)
    RunFolder(tmp_path).config.write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        load_run(tmp_path)
