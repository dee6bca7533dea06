"""Several processes, started as torchrun starts them, on the CPU."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import TINY_STUDY_BASE

from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.training.processes import Processes
from showtell.training.run import RunFolder, average, load_run

# Without dropout, two processes sum what one process sums.
EXACT = ("training.batch_size=30", "decoder.image_dropout=0", "decoder.embedding_dropout=0")


def train(
    config: Path, data: Path, out: Path, *settings: str, processes: int
) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *(launcher if processes > 1 else []), "-m", "showtell", "train"]
    overrides = [word for setting in settings for word in ("--set", setting)]
    cache = ["--cache-dir", str(out.parent / "cache")]
    return subprocess.run(
        [*command, str(config), "--data", str(data), "--out", str(out), *overrides, *cache],
        capture_output=True,
        text=True,
        check=False,
    )


def trained(*arguments: Any, processes: int) -> str:
    """What a training that must end well says."""
    ended = train(*arguments, processes=processes)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def weights(out: Path) -> dict[str, torch.Tensor]:
    return weights_of(load_checkpoint(RunFolder(out).last)[0])


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
        ("training.max_epochs=3",),
        (
            *("encoder.features=grid", "decoder.architecture=topdown", "training.max_epochs=2"),
            *("training.accumulation_steps=2", "training.doubly_stochastic=0.1"),
            *("finetuning.from_epoch=2", "finetuning.crop=1", "finetuning.flip=false"),
        ),
        (
            *("training.max_epochs=2", "training.batch_size=5", "recognition.min_count=5"),
            *("recognition.views=1", "recognition.dropout=0", "finetuning.learning_rate=1e-4"),
        ),
    ],
    ids=["merge", "an encoder that learns", "an encoder that learns to recognise"],
)
def test_two_processes_learn_what_one_learns(
    flickr8k: Path, tiny_config: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    settings = (*EXACT, *settings)
    for processes in (1, 2):
        out = tmp_path / f"{processes}"
        trained(tiny_config, flickr8k, out, *settings, processes=processes)
    one, two = (weights(tmp_path / name) for name in ("1", "2"))
    assert one.keys() == two.keys()
    for name in one:  # as a whole: AdamW blows up the rounding of a gradient that is nearly 0
        ours, theirs = one[name].double(), two[name].double()
        assert (theirs - ours).norm() <= 2e-3 * ours.norm(), name
    losses = [
        [json.loads(line)["train_loss"] for line in RunFolder(path).log.read_text().splitlines()]
        for path in (tmp_path / "1", tmp_path / "2")
    ]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


@pytest.mark.slow
def test_two_processes_speak_with_one_voice_and_resume(
    flickr8k: Path, tiny_config: Path, tmp_path: Path
) -> None:
    """Each has a dropout of its own, which a stopped run takes up again."""
    said = trained(tiny_config, flickr8k, tmp_path / "a", "training.max_epochs=2", processes=2)
    assert said.count("epoch  1") == 1
    assert said.count("best epoch") == 1
    # The same run, killed after its first epoch: the checkpoint of a shorter run is just that.
    trained(tiny_config, flickr8k, tmp_path / "b", "training.max_epochs=1", processes=2)
    described = json.loads((tmp_path / "b" / "config.json").read_text())
    described["config"]["training"]["max_epochs"] = 2
    (tmp_path / "b" / "config.json").write_text(json.dumps(described))
    trained(tiny_config, flickr8k, tmp_path / "b", "training.max_epochs=2", processes=2)
    a, b = (weights(tmp_path / name) for name in "ab")
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_what_the_first_process_refuses_all_refuse(
    flickr8k: Path, tiny_config: Path, tmp_path: Path
) -> None:
    trained(tiny_config, flickr8k, tmp_path / "a", "training.max_epochs=1", processes=1)
    ended = train(tiny_config, flickr8k, tmp_path / "a", "training.max_epochs=2", processes=2)
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
def test_two_processes_go_through_a_recipe_together(flickr8k: Path, tmp_path: Path) -> None:
    recipe, out = tmp_path / "recipe.toml", tmp_path / "out"
    recipe.write_text(RECIPE)
    said = trained(recipe, flickr8k, out, "training.max_epochs=1", processes=2)
    stages = ["plain", "fine-tune", "self-critical", "distil"]
    assert [said.count(f"stage {stage}: ") for stage in stages] == [1] * 4
    plain, tuned, critical, _ = (load_run(out / stage) for stage in stages)
    described = [json.loads((out / stage / "config.json").read_text()) for stage in stages]
    begins = [None, *[run.describe() for run in (plain, plain, average([plain, critical]))]]
    assert [one["init"] for one in described] == begins
    before = plain.build_encoder().network.state_dict()
    after = tuned.build_encoder().network.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed  # some learned
    assert len(changed) < 0.2 * len(before)  # most were frozen
