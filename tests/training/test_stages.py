"""Recipes on the drawn pictures: stages that begin where others ended."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import TINY_STUDY_BASE
from torch import Tensor

from showtell.cli.main import run
from showtell.config import Config, load_config
from showtell.errors import CheckpointError, ConfigError
from showtell.training.data import TrainingData, load_training_data
from showtell.training.epochs import Events
from showtell.training.run import TrainedRun, average, load_run
from showtell.training.series import SeriesEvents
from showtell.training.stages.config import Recipe, load_recipe
from showtell.training.stages.run import run_recipe
from showtell.training.teachers import Teachers

RECIPE = f"""
name = "tiny"
{TINY_STUDY_BASE}[stages.first]
[stages.second]
training.learning_rate = 0.01
[stages.third]
begin = ["first"]
seed = 2
[stages.last]
begin = ["second", "third"]
teachers = ["second", "third"]
distillation.weight = 0.5
training.max_epochs = 1
"""


def parse(tmp_path: Path, text: str = RECIPE, overrides: tuple[str, ...] = ()) -> Recipe:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path, overrides)


Train = Callable[..., object]


@pytest.fixture(scope="session")
def train(flickr8k: Path, tiny_run: Path) -> Train:
    """`run_recipe` on the drawn pictures, their features cached."""

    def run_it(recipe: Recipe, out: Path, **more: object) -> object:
        return run_recipe(recipe, flickr8k, out, cache_dir=tiny_run.parent / "cache", **more)

    return run_it


@pytest.fixture(scope="session")
def finished(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that nothing disturbed; to read only."""
    out = tmp_path_factory.mktemp("recipes") / "whole"
    train(parse(out.parent), out)
    return out


# The TOML file


def test_a_stage_is_the_base_with_its_changes(tmp_path: Path) -> None:
    recipe = parse(tmp_path)
    assert [stage.name for stage in recipe.stages] == ["first", "second", "third", "last"]
    _, second, third, last = (stage.config for stage in recipe.stages)
    assert (second.name, second.seed, second.training.learning_rate) == ("tiny", 1, 0.01)
    assert (third.seed, third.training.learning_rate) == (2, 0.02)
    assert (last.training.max_epochs, last.distillation.weight) == (1, 0.5)


def test_a_stage_begins_with_the_one_before_unless_it_says_otherwise(tmp_path: Path) -> None:
    begins = [stage.begin for stage in parse(tmp_path).stages]
    assert begins == [(), ("first",), ("first",), ("second", "third")]


def test_overrides_hold_for_all_stages_or_for_the_one_they_name(tmp_path: Path) -> None:
    asked = ("stages.third.training.max_epochs=9", "training.max_epochs=7", "name=other")
    recipe = parse(tmp_path, overrides=asked)
    assert [stage.config.training.max_epochs for stage in recipe.stages] == [7, 7, 9, 7]
    assert recipe.name == recipe.stages[0].config.name == "other"


def test_a_seed_is_for_stages_without_one_of_their_own(tmp_path: Path) -> None:
    stages = parse(tmp_path, overrides=("seed=5",)).stages
    assert [stage.config.seed for stage in stages] == [5, 5, 2, 5]


def test_an_override_of_a_stage_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'third'"):
        parse(tmp_path, overrides=("stages.thrid.training.max_epochs=9",))


def test_the_config_of_a_single_run_is_a_recipe_of_one_stage(tiny_config: Path) -> None:
    (stage,) = load_recipe(tiny_config, ["seed=5"]).stages
    assert (stage.name, stage.begin, stage.teachers) == ("", (), ())
    assert stage.config == load_config(tiny_config, ("seed=5",))


def test_the_first_flagship_begins_as_the_published_topdown() -> None:
    configs = Path(__file__).parents[2] / "configs"
    recipe = load_recipe(configs / "first-flagship.toml")
    assert recipe.name == "first-flagship"
    first = recipe.stages[0].config
    assert replace(first, name="topdown") == load_config(configs / "topdown.toml")


def test_the_default_models_recipe_recognises_before_it_writes() -> None:
    recipe = load_recipe(Path(__file__).parents[2] / "configs" / "flagship.toml")
    assert recipe.name == "base"
    assert [stage.config.recognises for stage in recipe.stages] == [True, False]
    assert recipe.stages[1].begin == ("recognise",)
    assert recipe.stages[1].config.text.sentences > 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('begin = ["first"]', 'begin = ["frist"]', "Did you mean 'first'?"),
        ('begin = ["first"]', 'begin = ["last"]', "'last' is no stage before it"),
        ('begin = ["first"]', 'begin = "first"', "must be a list of stages"),
        ("training.learning_rate", "training.learnin_rate", "stages.second.training.learnin_rate"),
        ("distillation.weight = 0.5", "", "teachers and distillation.weight go together"),
        ("[stages.third]", "[stages.'a/b']", "name must be letters"),
        ("[stages.third]", "[stages.'a.b']", "has no dot"),
        (RECIPE[RECIPE.index("[stages.first]") :], "[stages]", "at least one stage"),
        ("[stages.first]\n", "[stages]\nfirst = 3\n", "must be a section"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"recipe\.toml") as caught:
        parse(tmp_path, RECIPE.replace(old, new))
    assert message in str(caught.value)


# Training


def test_each_stage_begins_with_the_best_epoch_of_another(finished: Path) -> None:
    described = {
        name: json.loads((finished / name / "config.json").read_text())
        for name in ("first", "second", "third", "last")
    }
    first, second, third = (load_run(finished / n) for n in ("first", "second", "third"))
    assert described["first"]["init"] is None
    assert described["second"]["init"] == described["third"]["init"] == first.describe()
    assert described["last"]["init"] == average([second, third]).describe()
    assert described["last"]["teachers"] == [second.describe(), third.describe()]


def test_a_recipe_stopped_in_any_stage_ends_as_one_that_was_not(
    train: Train, finished: Path, tmp_path: Path
) -> None:
    recipe = parse(tmp_path)
    for updates in (1, 8, 5, 1):  # of 6, 6, 6 and 3: within each stage once
        left = iter(range(updates))
        events = SeriesEvents(training=Events(should_stop=lambda left=left: next(left, -1) < 0))
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path / "out", events=events)
    train(recipe, tmp_path / "out")
    for stage in recipe.stages:
        whole, resumed = (load_run(out / stage.name) for out in (finished, tmp_path / "out"))
        assert whole.describe() == resumed.describe()


def test_a_finished_recipe_is_not_trained_again(train: Train, finished: Path) -> None:
    recipe, epochs = parse(finished.parent), []
    before = {p: p.read_bytes() for p in finished.rglob("*.safetensors")}
    train(recipe, finished, events=SeriesEvents(training=Events(epoch=epochs.append)))
    assert epochs == []
    assert before == {p: p.read_bytes() for p in finished.rglob("*.safetensors")}


def test_the_command_line_tells_of_stages_and_of_what_comes_next(
    flickr8k: Path, tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parse(tmp_path)
    where = ["--out", str(tmp_path / "out"), "--cache-dir", str(tiny_run.parent / "cache")]
    short = ["--set", "training.max_epochs=1"]
    recipe = str(tmp_path / "recipe.toml")
    assert run(["train", recipe, "--data", str(flickr8k), *where, *short]) == 0
    said = capsys.readouterr().err
    assert [line for line in said.splitlines() if line.startswith("stage")] == [
        f"stage {name}: {i} of 4"
        for i, name in enumerate(["first", "second", "third", "last"], start=1)
    ]
    assert f"showtell export {tmp_path / 'out' / 'last'}" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("training.learning_rate = 0.01", "encoder.image_size = 96", "another encoder: image_size"),
        ("training.learning_rate = 0.01", "decoder.architecture = 'merg'", "Did you mean 'merge'"),
        ("[stages.first]", "[stages.first]\nself_critical.samples = 2", "with a trained run"),
        (
            'begin = ["second", "third"]',
            "begin = []\nencoder.image_size = 96",
            "the teacher second has other settings of its encoder",
        ),
    ],
)
def test_what_would_stop_a_stage_is_told_before_the_first(
    train: Train, tmp_path: Path, old: str, new: str, message: str
) -> None:
    recipe = parse(tmp_path, RECIPE.replace(old, new))
    with pytest.raises(ConfigError, match="stage ") as caught:
        train(recipe, tmp_path / "out")
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [["--force"], ["--teacher", "runs/a"]])
def test_what_is_for_a_single_run_is_refused_for_a_recipe(
    flickr8k: Path, finished: Path, tmp_path: Path, option: list[str], capsys
) -> None:
    parse(tmp_path)
    recipe = ["train", str(tmp_path / "recipe.toml"), "--data", str(flickr8k)]
    before = sorted(finished.rglob("*"))
    assert run([*recipe, "--out", str(finished), *option]) == 2
    assert "stages" in capsys.readouterr().err
    assert sorted(finished.rglob("*")) == before


# Averages and teachers


def test_the_average_of_runs_has_the_mean_of_their_weights(finished: Path) -> None:
    second, third = (load_run(finished / name) for name in ("second", "third"))
    found = average([second, third]).weights
    for name, weight in found.items():
        torch.testing.assert_close(weight, (second.weights[name] + third.weights[name]) / 2)
    assert average([second]) is second
    assert average([second, third]).describe()["name"] == "mean of second, third"


def test_runs_of_different_kinds_cannot_be_averaged(
    train: Train, finished: Path, tmp_path: Path
) -> None:
    wide = parse(tmp_path, overrides=("decoder.hidden_dim=32",))
    train(Recipe(name="wide", stages=wide.stages[:1]), tmp_path / "out")
    with pytest.raises(CheckpointError, match="no mean of first, first: their encoders, decoders"):
        average([load_run(finished / "first"), load_run(tmp_path / "out" / "first")])


def expectation(run: TrainedRun, config: Config, data: TrainingData) -> Teachers:
    return Teachers(
        [run],
        config=config,
        vocabulary=data.vocabulary,
        encoder=data.encoder,
        device=torch.device("cpu"),
    )


def test_a_student_comes_closer_to_its_teacher_than_people_bring_it(
    train: Train, flickr8k: Path, tiny_run: Path, tmp_path: Path
) -> None:
    text = RECIPE[: RECIPE.index("[stages.second]")]
    learns = """
[stages.alone]
begin = []
seed = 7
[stages.taught]
begin = []
seed = 7
teachers = ["first"]
distillation.weight = 1.0
"""
    recipe = parse(tmp_path, text + learns, overrides=("training.max_epochs=8",))
    train(recipe, tmp_path / "out")
    config = recipe.stages[0].config
    data = load_training_data(config, flickr8k, cache_dir=tiny_run.parent / "cache")
    batch = next(data.train.batches(60, seed=0, epoch=1))
    teacher, alone, taught = (
        expectation(load_run(tmp_path / "out" / name), config, data)(batch)
        for name in ("first", "alone", "taught")
    )

    def divergence(student: Tensor) -> float:
        return (teacher * (teacher.log() - student.log())).sum(dim=-1).mean().item()

    assert divergence(taught) < 0.7 * divergence(alone)


def test_teachers_expect_the_mean_of_their_probabilities(
    train: Train, flickr8k: Path, tiny_run: Path, finished: Path, tmp_path: Path
) -> None:
    runs = [load_run(finished / name) for name in ("second", "third")]
    (stage, *_) = parse(tmp_path).stages
    data = load_training_data(stage.config, flickr8k, cache_dir=tiny_run.parent / "cache")
    batch = next(data.train.batches(20, seed=0, epoch=1))

    def ask(*asked: TrainedRun) -> Tensor:
        settings = {"encoder": data.encoder, "device": torch.device("cpu")}
        return Teachers(asked, config=stage.config, vocabulary=data.vocabulary, **settings)(batch)

    assert ask(runs[0]).shape == (batch.num_targets, len(data.vocabulary))
    torch.testing.assert_close(ask(*runs), (ask(runs[0]) + ask(runs[1])) / 2)
    torch.testing.assert_close(ask(*runs).sum(dim=-1), torch.ones(batch.num_targets))


def test_teachers_without_a_weight_or_a_weight_without_teachers_are_refused(
    flickr8k: Path, finished: Path, tiny_run: Path, tmp_path: Path, capsys
) -> None:
    recipe = parse(tmp_path)
    where = ["--data", str(flickr8k), "--cache-dir", str(tiny_run.parent / "cache")]
    run_of_one = ["train", "--init-from", str(finished / recipe.stages[0].name), *where]
    for more in (["--teacher", str(finished / "second")], ["--set", "distillation.weight=0.5"]):
        assert run([*run_of_one, "--out", str(tmp_path / "out"), *more]) == 2
        assert "go together" in capsys.readouterr().err
        assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*.json"))
