"""Several processes, started as torchrun starts them, on the CPU."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny import TINY_STUDY_BASE

from showtell.cli.main import run
from showtell.training.checkpoint import load_checkpoint, part_of, weights_of
from showtell.training.processes import Processes
from showtell.training.run import RunFolder, average, load_run

LAUNCHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
# Without dropout, two processes sum what one process sums.
EXACT = ("training.batch_size=30", "decoder.image_dropout=0", "decoder.embedding_dropout=0")

Command = Callable[..., list[str]]


@pytest.fixture
def command(flickr8k: Path, feature_cache: Path) -> Command:
    """`train` on the drawn pictures, with some settings."""

    def words(config: Path, out: Path, *settings: str) -> list[str]:
        where = ["--data", str(flickr8k), "--out", str(out), "--cache-dir", str(feature_cache)]
        overrides = [word for setting in settings for word in ("--set", setting)]
        return ["train", str(config), *where, *overrides]

    return words


def in_two(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAUNCHER, "-m", "showtell", *command], capture_output=True, text=True, check=False
    )


def trained_in_two(command: list[str]) -> str:
    """What a training that must end well says."""
    ended = in_two(command)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def weights(out: Path) -> dict[str, torch.Tensor]:
    return weights_of(load_checkpoint(RunFolder(out).last)[0])


def mean_gradients(out: Path) -> dict[str, torch.Tensor]:
    """The running means that the optimiser keeps, of each tensor that learns."""
    moments = part_of(load_checkpoint(RunFolder(out).last)[0], "optimizer")
    return {name: mean.double() for name, mean in moments.items() if name.endswith(".exp_avg")}


def test_one_process_alone_is_a_world_of_one() -> None:
    alone = Processes()
    assert alone.is_first
    assert alone.sum(2, 0.5) == [2, 0.5]
    assert alone.share("x") == "x"
    assert alone.gather("x") == ["x"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ("training.max_epochs=2",),
        (
            *("encoder.features=grid", "decoder.architecture=topdown", "training.max_epochs=2"),
            *("training.accumulation_steps=2", "training.doubly_stochastic=0.1"),
            *("finetuning.from_epoch=2", "finetuning.crop=1", "finetuning.flip=false"),
        ),
        (
            *("training.max_epochs=1", "training.batch_size=5", "recognition.min_count=5"),
            *("recognition.views=1", "recognition.dropout=0", "finetuning.learning_rate=1e-9"),
        ),
    ],
    ids=["merge", "an encoder that learns", "an encoder that learns to recognise"],
)
def test_two_processes_learn_what_one_learns(
    command: Command, tiny_config: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    """Compare gradients: AdamW makes steps of one size of whatever gradient is not 0.

    So it does of mere rounding, which is all that an encoder has of a gradient as it begins to
    learn to recognise: its words weigh nothing yet, and its classes are as they were. Therefore the
    encoder is to make hardly any steps there.
    """
    one, two = tmp_path / "one", tmp_path / "two"
    assert run(command(tiny_config, one, *EXACT, *settings)) == 0
    trained_in_two(command(tiny_config, two, *EXACT, *settings))
    ours, theirs = mean_gradients(one), mean_gradients(two)
    assert ours.keys() == theirs.keys()
    whole = sum(mean.square().sum() for mean in ours.values()) ** 0.5
    for name in ours:
        allowed = 1e-3 * ours[name].norm() + 1e-5 * whole
        assert (theirs[name] - ours[name]).norm() <= allowed, name
    losses = [
        [json.loads(line)["train_loss"] for line in RunFolder(path).log.read_text().splitlines()]
        for path in (one, two)
    ]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


@pytest.mark.slow
def test_two_processes_speak_with_one_voice_and_resume(
    command: Command, tiny_config: Path, tmp_path: Path
) -> None:
    """Each has a dropout of its own, which a stopped run takes up again."""
    long, short = ("training.max_epochs=2",), ("training.max_epochs=1",)
    said = trained_in_two(command(tiny_config, tmp_path / "a", *long))
    assert said.count("epoch  1") == 1
    assert said.count("best epoch") == 1
    # The same run, killed after its first epoch: the checkpoint of a shorter run is just that.
    trained_in_two(command(tiny_config, tmp_path / "b", *short))
    described = json.loads((tmp_path / "b" / "config.json").read_text())
    described["config"]["training"]["max_epochs"] = 2
    (tmp_path / "b" / "config.json").write_text(json.dumps(described))
    trained_in_two(command(tiny_config, tmp_path / "b", *long))
    a, b = (weights(tmp_path / name) for name in "ab")
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_what_the_first_process_refuses_all_refuse(
    command: Command, tiny_config: Path, tmp_path: Path
) -> None:
    assert run(command(tiny_config, tmp_path / "a", "training.max_epochs=1")) == 0
    ended = in_two(command(tiny_config, tmp_path / "a", "training.max_epochs=2"))
    assert ended.returncode != 0
    assert "holds a run that differs in training.max_epochs (1, now 2)" in ended.stderr
    assert "Connection closed" not in ended.stderr  # what one process would see of another


RECIPE = f"""
name = "tiny"
{TINY_STUDY_BASE}[stages.plain]
[stages.fine-tune]
finetuning = {{from_epoch = 1, frozen = 0.9, learning_rate = 1e-4}}
[stages.self-critical]
begin = ["plain"]
self_critical = {{samples = 2, cross_entropy = 0.5}}
[stages.distil]
begin = ["plain", "self-critical"]
teachers = ["plain", "self-critical"]
distillation.weight = 0.5
"""


@pytest.mark.slow
def test_two_processes_go_through_a_recipe_together(command: Command, tmp_path: Path) -> None:
    recipe, out = tmp_path / "recipe.toml", tmp_path / "out"
    recipe.write_text(RECIPE)
    said = trained_in_two(command(recipe, out, "training.max_epochs=1"))
    stages = ["plain", "fine-tune", "self-critical", "distil"]
    assert [said.count(f"stage {stage}: ") for stage in stages] == [1] * 4
    plain, tuned, critical, _ = (load_run(out / stage) for stage in stages)
    described = [json.loads((out / stage / "config.json").read_text()) for stage in stages]
    begins = [None, *[one.describe() for one in (plain, plain, average([plain, critical]))]]
    assert [one["init"] for one in described] == begins
    before = plain.build_encoder().network.state_dict()
    after = tuned.build_encoder().network.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed  # some learned
    assert len(changed) < 0.2 * len(before)  # most were frozen
