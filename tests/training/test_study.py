"""Studies on the drawn pictures: two systems, two seeds, two epochs each."""

import json
import math
import shutil
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tiny import TINY_STUDY_BASE

from showtell.config import Config, TrainingConfig, from_dict, load_config
from showtell.errors import CheckpointError, ConfigError
from showtell.metrics.tokenizer import ptb_tokenize
from showtell.models.build import check_decoder
from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.training.data import load_training_data
from showtell.training.epochs import Events
from showtell.training.run import RunFolder
from showtell.training.series import SeriesEvents
from showtell.training.study.config import StudyConfig, load_study
from showtell.training.study.plot import draw_study
from showtell.training.study.report import StudyFolder, summarise
from showtell.training.study.results import Results
from showtell.training.study.run import report_study, run_study
from showtell.training.train import train_captioner

STUDY = f"""
name = "tiny"
seeds = [1, 2]
{TINY_STUDY_BASE}[systems.plain]
[systems.wide]
decoder = {{hidden_dim = 32}}
training.max_epochs = 3
[published]
source = "elsewhere"
cider = {{wide = 50}}
"""
NAMES = ["plain-1", "wide-1", "plain-2", "wide-2"]


def parse(tmp_path: Path, text: str = STUDY) -> StudyConfig:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


Study = Callable[..., Results]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    return parse(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def train(flickr8k: Path, tiny_run: Path, study: StudyConfig) -> Study:
    """`run_study` on the drawn pictures, their features cached."""

    def run(out: Path, config: StudyConfig = study, **more: Any) -> Results:
        settings = {"device": torch.device("cpu"), "cache_dir": tiny_run.parent / "cache", **more}
        return run_study(config, flickr8k, out, **settings)

    return run


@pytest.fixture(scope="session")
def finished(train: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that nothing disturbed; to read only."""
    out = tmp_path_factory.mktemp("studies") / "whole"
    train(out)
    return out


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "copy")


def begun(names: list[str]) -> SeriesEvents:
    return SeriesEvents(begin=lambda name, number, total: names.append(name))


def kept(out: Path) -> dict[str, Any]:
    return json.loads(StudyFolder(out).json.read_text())


def untimed(run: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in run.items() if key != "epoch_s"}


def rows(out: Path) -> list[list[str]]:
    lines = StudyFolder(out).table.read_text().splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]


# The TOML file


def test_a_system_is_the_base_with_its_changes(study: StudyConfig) -> None:
    wide = study.config("wide", 2)
    assert (wide.name, wide.seed) == ("wide", 2)
    assert (wide.decoder.hidden_dim, wide.decoder.embedding_dim) == (32, 24)
    assert (wide.training.max_epochs, wide.training.learning_rate) == (3, 0.02)
    assert study.config("plain", 1).decoder.hidden_dim == 24


def test_what_the_base_says_need_only_fit_what_each_system_makes_of_it() -> None:
    onnx = {"a": {"encoder": {"name": "onnx:a.onnx"}}, "b": {"encoder": {"name": "onnx:b.onnx"}}}
    base = {"encoder": {"output": "grid"}}
    study = StudyConfig(base=base, systems=onnx)
    assert [study.config(name, 1).encoder.output for name in onnx] == ["grid", "grid"]
    with pytest.raises(ConfigError, match=r"^base: output is a setting of onnx:"):
        StudyConfig(base=base, systems={**onnx, "c": {}})


def test_runs_are_ordered_so_that_every_system_comes_once_before_any_comes_twice(
    study: StudyConfig,
) -> None:
    assert [f"{run.name}-{run.seed}" for run in study.select()] == NAMES
    chosen = study.select(only=["wide"], seeds=[7, 5])
    assert [(run.name, run.seed) for run in chosen] == [("wide", 7), ("wide", 5)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden_dim = 32", "hiden_dim = 32", r"'systems\.wide\.decoder\.hiden_dim'.*'hidden_dim'"),
        ("min_count = 1", "mincount = 1", r"'base\.training\.mincount'.*'min_count'"),
        ("hidden_dim = 32", "hidden_dim = 0", r"systems\.wide: hidden_dim must be positive"),
        ("seeds = [1, 2]", "seeds = []", "at least 1 seed"),
        ("seeds = [1, 2]", "seeds = [1, 1]", "each seed may be given once"),
        ("seeds = [1, 2]", "seeds = [-1]", "seed must be between"),
        ('name = "tiny"', 'name = "../x"', "name must be letters"),
        ("seeds = [1, 2]", "seed = 1", "'seed'. Did you mean 'seeds'"),
        ("[systems.plain]", '[systems."a/b"]', "name must be letters"),
        ("[systems.plain]", '[systems.".."]', "name must be letters"),
        ("[systems.plain]", "[systems.plain]\nseed = 3", r"systems\.plain\.seed: a study"),
        ("cider = {wide = 50}", "cider = {wid = 50}", "'wid'. Did you mean 'wide'"),
        ("cider = {wide = 50}", 'cider = {wide = "50"}', "must be a number"),
    ],
)
def test_a_wrong_study_says_what_is_wrong_and_where(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in STUDY
    with pytest.raises(ConfigError, match=rf"study\.toml: .*{message}"):
        parse(tmp_path, STUDY.replace(old, new))


def test_a_study_without_systems_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"at least one system: a section \[systems\.NAME\]"):
        parse(tmp_path, STUDY[: STUDY.index("[systems.plain]")])


def test_the_study_of_this_repository_repeats_the_configs_of_its_name() -> None:
    configs = Path(__file__).parents[2] / "configs"
    study = load_study(configs / "study.toml")
    assert len(study.seeds) >= 3
    for name in ("merge", "topdown"):
        assert study.config(name, 1) == load_config(configs / f"{name}.toml")
    assert next(iter(study.systems)) == "merge"
    for config in study.select():
        check_decoder(config)


def test_the_study_of_encoders_repeats_the_configs_of_its_name() -> None:
    configs = Path(__file__).parents[2] / "configs"
    study = load_study(configs / "encoders.toml")
    merge, xception = study.config("merge", 1), study.config("xception", 1)
    assert merge == load_config(configs / "merge.toml")
    weights = f"encoder.weights={xception.encoder.weights}"
    assert xception == load_config(configs / "xception.toml", [weights])


# Running


def test_every_system_is_trained_with_every_seed(finished: Path) -> None:
    assert {path.parent.name for path in finished.glob("*/best.safetensors")} == set(NAMES)
    found = kept(finished)
    assert [run["run"] for run in found["runs"]] == NAMES
    assert found["missing"] == []
    with Image.open(StudyFolder(finished).picture) as picture:
        assert picture.format == "PNG"


def test_a_run_of_a_study_is_the_run_that_train_makes(
    finished: Path, study: StudyConfig, flickr8k: Path, tiny_run: Path, tmp_path: Path
) -> None:
    config = study.config("plain", 2)
    data = load_training_data(config, flickr8k, cache_dir=tiny_run.parent / "cache")
    train_captioner(config, data, tmp_path / "alone")
    ours, alone = (
        weights_of(load_checkpoint(RunFolder(path).last)[0])
        for path in (finished / "plain-2", tmp_path / "alone")
    )
    assert all(torch.equal(ours[name], alone[name]) for name in alone)


def test_an_encoder_that_learns_does_so_anew_in_every_run(
    train: Study, flickr8k: Path, tiny_run: Path, tmp_path: Path
) -> None:
    text = STUDY[: STUDY.index("[systems.plain]")].replace("max_epochs = 2", "max_epochs = 1")
    study = parse(tmp_path, text + "[systems.tuned]\nfinetuning.from_epoch = 1\n")
    train(tmp_path / "both", study)
    train(tmp_path / "alone", study, seeds=[2])
    both, alone = (
        weights_of(load_checkpoint(RunFolder(tmp_path / out / "tuned-2").last)[0])
        for out in ("both", "alone")
    )
    assert any(name.startswith("encoder.") for name in alone)
    assert all(torch.equal(both[name], alone[name]) for name in alone)


def test_a_system_that_sees_several_views_does_so_beside_one_that_does_not(
    train: Study, tmp_path: Path
) -> None:
    text = STUDY[: STUDY.index("[systems.plain]")].replace("max_epochs = 2", "max_epochs = 1")
    study = parse(tmp_path, text + "[systems.plain]\n[systems.turned]\ntraining.views = 3\n")
    train(tmp_path / "both", study, seeds=[1])
    train(tmp_path / "alone", study, only=["turned"], seeds=[1])
    both, alone = (
        weights_of(load_checkpoint(RunFolder(tmp_path / out / "turned-1").last)[0])
        for out in ("both", "alone")
    )
    assert all(torch.equal(both[name], alone[name]) for name in alone)


def stop_after(batches: int) -> SeriesEvents:
    """Press Ctrl-C once this many batches are done, over all runs."""
    done = 0

    def count(*_: int) -> None:
        nonlocal done
        done += 1

    return SeriesEvents(training=Events(batch=count, should_stop=lambda: done >= batches))


@pytest.mark.parametrize(("batches", "finished_before"), [(2, 0), (8, 1)])  # a run of plain has 6
def test_a_study_that_was_stopped_ends_as_one_that_was_not(
    train: Study, finished: Path, tmp_path: Path, batches: int, finished_before: int
) -> None:
    out = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        train(out, events=stop_after(batches))
    assert len(Results.load(StudyFolder(out).json).runs) == finished_before
    names: list[str] = []
    train(out, events=begun(names))
    assert names == NAMES[finished_before:]
    assert list(map(untimed, kept(out)["runs"])) == list(map(untimed, kept(finished)["runs"]))
    assert not list(out.rglob(".*.tmp"))


def test_a_study_that_is_stopped_while_a_run_ends_does_not_begin_the_next(
    train: Study, tmp_path: Path
) -> None:
    epochs: list[int] = []
    events = Events(
        epoch=lambda entry: epochs.append(entry["epoch"]), should_stop=lambda: len(epochs) == 2
    )
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, events=SeriesEvents(training=events))
    assert [run["run"] for run in kept(tmp_path)["runs"]] == ["plain-1"]
    assert not (tmp_path / "wide-1").exists()


def test_a_killed_study_leaves_the_table_of_what_had_finished(train: Study, tmp_path: Path) -> None:
    class KillError(Exception):
        pass

    def die(name: str, number: int, total: int) -> None:
        if name == "plain-2":
            raise KillError

    out = tmp_path / "killed"
    with pytest.raises(KillError):
        train(out, events=SeriesEvents(begin=die))
    found = kept(out)
    assert [run["run"] for run in found["runs"]] == ["plain-1", "wide-1"]
    assert found["missing"] == ["plain-2", "wide-2"]
    _, _, plain, wide = rows(out)
    assert plain[:2] == ["plain", "1"]
    assert "±" not in plain[3]  # no spread of one run
    assert wide[-1] == "–"  # nor an interval
    text = StudyFolder(out).table.read_text()
    assert "Not finished yet, 2 runs: plain-2, wide-2." in text
    assert "Fewer than 3 seeds: plain, wide." in text
    with Image.open(StudyFolder(out).picture) as picture:
        picture.load()


def test_a_finished_study_trains_nothing(train: Study, copy: Path) -> None:
    names: list[str] = []
    train(copy, events=begun(names))
    assert names == []


def test_a_run_whose_folder_was_deleted_is_not_trained_again(
    train: Study, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "elsewhere"
    out.mkdir()
    shutil.copy(StudyFolder(finished).json, out)
    names: list[str] = []
    train(out, events=begun(names))
    assert names == []
    assert not list(out.glob("*-1"))
    assert rows(out) == rows(finished)


def test_only_some_systems_and_other_seeds_may_be_trained(train: Study, copy: Path) -> None:
    names: list[str] = []
    train(copy, only=["plain"], seeds=[2, 3], events=begun(names))
    assert names == ["plain-3"]
    _, _, plain, wide = rows(copy)
    assert (plain[1], wide[1]) == ("3", "2")
    assert "Fewer than 3 seeds: wide." in StudyFolder(copy).table.read_text()


def test_an_unknown_system_is_refused_with_the_nearest_name(train: Study, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no system 'plane'. Did you mean 'plain'\?"):
        train(tmp_path / "out", only=["plane"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('decoder.architecture = "merg"', "system 'wide': unknown architecture 'merg'"),
        ('decoder.architecture = "attention"', "system 'wide': .* looks at a feature grid"),
        ('encoder.name = "efficientnet-lite9"', "unknown encoder 'efficientnet-lite9'"),
    ],
)
def test_what_cannot_be_built_is_found_before_any_training(
    train: Study, tmp_path: Path, setting: str, message: str
) -> None:
    text = STUDY.replace("decoder = {hidden_dim = 32}", setting)
    with pytest.raises(ConfigError, match=message):
        train(tmp_path / "out", parse(tmp_path, text))
    assert not (tmp_path / "out" / "plain-1").exists()


# Changes


def test_other_settings_are_refused_while_the_old_run_is_there(
    train: Study, copy: Path, tmp_path: Path
) -> None:
    changed = parse(tmp_path, STUDY.replace("max_epochs = 3", "max_epochs = 1"))
    with pytest.raises(CheckpointError, match=r"wide-1.*\.max_epochs \(3, now 1\); .*delete"):
        train(copy, changed)


def test_other_settings_are_trained_anew_once_the_old_run_is_gone(
    train: Study, copy: Path, tmp_path: Path
) -> None:
    changed = parse(tmp_path, STUDY.replace("max_epochs = 3", "max_epochs = 1"))
    for folder in copy.glob("wide-*"):
        shutil.rmtree(folder)
    names: list[str] = []
    train(copy, changed, only=["wide"], seeds=[1], events=begun(names))
    assert names == ["wide-1"]
    found = kept(copy)
    assert {run["run"]: run["epochs"] for run in found["runs"]} == {
        "plain-1": 2,
        "plain-2": 2,
        "wide-1": 1,
        "wide-2": 3,
    }
    assert [system["seeds"] for system in found["systems"]] == [[1, 2], [1]]  # not the old wide-2
    assert found["missing"] == ["wide-2"]


def test_a_setting_that_came_later_does_not_make_old_results_worthless(
    train: Study, copy: Path
) -> None:
    found = kept(copy)
    for run in found["runs"]:
        del run["config"]["training"]["patience"]  # the study has the default
    StudyFolder(copy).json.write_text(json.dumps(found))
    names: list[str] = []
    train(copy, events=begun(names))
    assert names == []


@pytest.mark.parametrize("with_folders", [True, False])
def test_other_data_are_refused(
    tiny_flickr8k: Path,
    tiny_run: Path,
    study: StudyConfig,
    copy: Path,
    tmp_path: Path,
    with_folders: bool,
) -> None:
    captions = next(tiny_flickr8k.rglob("Flickr8k.token.txt"))
    captions.write_text(captions.read_text().replace("is one red", "are two red"))
    out = copy
    if not with_folders:
        out = tmp_path / "elsewhere"
        out.mkdir()
        shutil.copy(StudyFolder(copy).json, out)
    before = StudyFolder(out).json.read_bytes()
    with pytest.raises(CheckpointError, match=r"trained on other data; choose another --out"):
        run_study(
            study,
            tiny_flickr8k,
            out,
            device=torch.device("cpu"),
            cache_dir=tiny_run.parent / "cache",
            seeds=[1],
        )
    assert StudyFolder(out).json.read_bytes() == before


@pytest.mark.parametrize("content", ["{", "[]", '{"runs": [{"system": 3}]}', '{"runs": 7}'])
def test_damaged_results_are_refused_with_the_remedy(
    train: Study, tmp_path: Path, content: str
) -> None:
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"does not hold the results of a study.*move it"):
        train(tmp_path)


# The report


def test_a_report_alone_reads_finished_runs_and_trains_nothing(
    study: StudyConfig, finished: Path, copy: Path
) -> None:
    StudyFolder(copy).json.unlink()
    shutil.rmtree(copy / "wide-2")
    config = json.loads(RunFolder(copy / "plain-2").config.read_text())["config"]
    assert from_dict(Config, config) == study.config("plain", 2)
    results = report_study(study, copy)
    assert sorted(run.name for run in results.runs) == ["plain-1", "plain-2", "wide-1"]
    assert rows(copy)[2][:-2] == rows(finished)[2][:-2]


def test_a_report_leaves_out_runs_that_have_not_finished(
    train: Study, study: StudyConfig, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, events=stop_after(8))
    StudyFolder(tmp_path).json.unlink()
    assert [run.name for run in report_study(study, tmp_path).runs] == ["plain-1"]


def test_a_report_of_nothing_is_refused(study: StudyConfig, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no finished run of this study"):
        report_study(study, tmp_path)


def by_hand(run: Path) -> dict[str, float]:
    """The numbers of a run, from what `train` left in its folder."""
    history = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    best = max(history, key=lambda entry: entry["scores"]["CIDEr"])
    captions = json.loads((run / "val_captions.json").read_text())
    weights = weights_of(load_checkpoint(run / "best.safetensors")[0])
    return {
        **best["scores"],
        "perplexity": math.exp(best["val_loss"]),
        "words": len({word for row in captions for word in ptb_tokenize(row["caption"])}),
        "s/epoch": statistics.median(entry["train_s"] for entry in history),
        "parameters": sum(tensor.numel() for tensor in weights.values()),
    }


def test_the_table_is_what_the_run_folders_say(finished: Path) -> None:
    header, _, *systems = rows(finished)
    assert [row[0] for row in systems] == ["plain", "wide"]
    for row in systems:
        cells = dict(zip(header, row, strict=True))
        runs = [by_hand(finished / f"{row[0]}-{seed}") for seed in (1, 2)]
        assert cells["seeds"] == "2"
        assert cells["parameters"] == f"{runs[0].pop('parameters') / 1e6:.2f} M"
        for name in ("CIDEr", "BLEU-1", "BLEU-4", "ROUGE-L", "perplexity"):
            values = [run[name] for run in runs]
            spread = f"{statistics.fmean(values):.1f} ± {statistics.stdev(values):.1f}"
            assert cells[name] == spread, name
        for name in ("words", "s/epoch"):
            values = [run[name] for run in runs]
            assert cells[name] == f"{sum(values) / 2:.0f} ± {statistics.stdev(values):.0f}", name


def test_scores_carry_their_signature(finished: Path) -> None:
    signature = kept(finished)["runs"][0]["signatures"]["CIDEr"]
    assert "|split:val|" in signature
    assert f"`{signature}`" in StudyFolder(finished).table.read_text()


def test_every_system_but_the_first_has_an_interval_of_its_difference(
    finished: Path, study: StudyConfig
) -> None:
    plain, wide = summarise(study, Results.load(StudyFolder(finished).json))
    assert plain.difference is None
    assert wide.difference is not None
    middle = (wide.difference.low + wide.difference.high) / 2
    assert middle == pytest.approx(statistics.fmean(wide.ciders) - statistics.fmean(plain.ciders))


def test_the_picture_changes_with_every_run_and_with_what_others_reached(
    study: StudyConfig,
) -> None:
    ciders = {"plain": [40.0, 41.0], "wide": [45.0]}
    pictures = {
        draw_study(ciders, study.published, title="x"),
        draw_study({**ciders, "wide": [45.0, 46.0]}, study.published, title="x"),
        draw_study(ciders, replace(study.published, cider={}), title="x"),
    }
    assert len(pictures) == 3


def test_the_default_patience_is_that_of_the_drawn_study(study: StudyConfig) -> None:
    assert study.config("plain", 1).training.patience == TrainingConfig().patience
