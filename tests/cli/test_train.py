"""`train`: its options, and what is refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from showtell.cli.main import run
from showtell.runtime.session import available_cpus
from showtell.training.checkpoint import load_checkpoint
from showtell.training.run import RunFolder, load_run


@pytest.fixture
def train(
    flickr8k: Path, tiny_config: Path, feature_cache: Path, tmp_path: Path
) -> Callable[..., int]:
    """Train in a folder below the temporary one, for one epoch."""

    def run_train(name: str, *options: str, settings: tuple[str, ...] = ()) -> int:
        sets = [word for s in ("training.max_epochs=1", *settings) for word in ("--set", s)]
        where = ["--out", str(tmp_path / name), "--cache-dir", str(feature_cache)]
        data = ["--data", str(flickr8k)]
        return run(["train", str(tiny_config), *data, *where, *sets, *options])

    return run_train


def test_without_a_config_the_model_that_comes_with_the_install_is_trained(
    flickr8k: Path, feature_cache: Path, tmp_path: Path
) -> None:
    small = ("encoder.name=efficientnet-lite0", "encoder.image_size=64", "training.min_count=1")
    sets = [word for s in (*small, "training.max_epochs=1") for word in ("--set", s)]
    where = ["--out", str(tmp_path / "run"), "--cache-dir", str(feature_cache)]
    assert run(["train", "--data", str(flickr8k), *where, *sets]) == 0
    described = json.loads((tmp_path / "run" / "config.json").read_text())
    assert described["config"]["decoder"]["architecture"] == "merge"
    assert described["config"]["training"]["batch_size"] == 64


def test_a_run_begins_with_the_weights_and_words_of_another(
    train: Callable[..., int], tmp_path: Path
) -> None:
    assert train("first") == 0
    assert train("second", "--init-from", str(tmp_path / "first"), settings=("seed=9",)) == 0
    described = json.loads((tmp_path / "second" / "config.json").read_text())
    assert described["init"] == load_run(tmp_path / "first").describe()
    vocabularies = [(tmp_path / n / "vocabulary.txt").read_text() for n in ("first", "second")]
    assert vocabularies[0] == vocabularies[1]
    # From scratch the same seed gives another run, and this folder is not its.
    assert train("second", settings=("seed=9",)) == 6


def test_an_encoder_that_learned_is_kept_by_the_run_that_begins_with_it(
    train: Callable[..., int],
    flickr8k: Path,
    feature_cache: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    learns = ("finetuning.from_epoch=1", "finetuning.learning_rate=1e-3")
    assert train("first", settings=learns) == 0
    assert train("second", "--init-from", str(tmp_path / "first")) == 0
    first, second = (load_run(tmp_path / name) for name in ("first", "second"))
    assert first.build_encoder().sha256 == second.build_encoder().sha256
    model = str(tmp_path / "second.bundle")
    assert run(["export", str(tmp_path / "second"), "--out", model]) == 0
    capsys.readouterr()
    data = ["--data", str(flickr8k), "--json", "--cache-dir", str(feature_cache)]
    found = []
    for system in (str(tmp_path / "second"), model):
        assert run(["evaluate", system, *data]) == 0
        found.append(json.loads(capsys.readouterr().out)["scores"])
    assert found[0] == pytest.approx(found[1], abs=5)


def test_training_computes_in_as_many_threads_as_are_asked_for(
    train: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    for asked in ("3", ""):
        monkeypatch.setenv("SHOWTELL_THREADS", asked)
        assert train(f"run{asked}") == 0
    assert threads == [3, available_cpus()]


def test_tensorboard_logs_are_written_where_asked_for(
    train: Callable[..., int], tmp_path: Path
) -> None:
    assert train("run", "--tensorboard") == 0
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (("decoder.architecture=topdwn",), 2, "Did you mean 'topdown'?"),
        (("decoder.architecture=topdown",), 2, 'set it to "grid"'),
        (("encoder.name=efficientnet-lite7",), 2, "Did you mean 'efficientnet-lite"),
        (("decoder.cell=rnn",), 2, "decoder.cell must be one of lstm, gru, got 'rnn'"),
        (("training.label_smoothing=1",), 2, "label_smoothing must be in [0, 1), got 1.0"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(
    train: Callable[..., int],
    settings: tuple[str, ...],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("run", settings=settings) == code
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("decoder.hidden_dim=25",), "do not fit this config"),
        (("decoder.architecture=pre-inject",), "do not fit this config"),
        (("encoder.image_size=96",), "has another encoder: image_size 64, here 96"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    train: Callable[..., int],
    tiny_run: Path,
    settings: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("run", "--init-from", str(tiny_run), settings=settings) == 2
    err = capsys.readouterr().err
    assert message in err.splitlines()[-1]


def test_a_checkpoint_tells_decoder_and_encoder_apart(
    train: Callable[..., int], tmp_path: Path
) -> None:
    assert train("run", settings=("finetuning.from_epoch=1",)) == 0
    tensors, _ = load_checkpoint(RunFolder(tmp_path / "run").best)
    parts = {name.split(".")[1] for name in tensors}
    assert parts == {"decoder", "encoder"}


def test_a_refused_beginning_leaves_nothing_that_refuses_a_better_one(
    train: Callable[..., int], tiny_run: Path
) -> None:
    begin = ("--init-from", str(tiny_run))
    assert train("run", *begin, settings=("decoder.hidden_dim=25",)) == 2
    assert train("run", *begin) == 0


def test_a_run_that_begins_with_another_has_its_settings_unless_told_otherwise(
    flickr8k: Path, tiny_run: Path, feature_cache: Path, tmp_path: Path
) -> None:
    where = ["--out", str(tmp_path / "run"), "--cache-dir", str(feature_cache)]
    sets = ["--set", "training.max_epochs=1"]
    begin = ["--init-from", str(tiny_run)]
    assert run(["train", "--data", str(flickr8k), *begin, *where, *sets]) == 0
    config = load_run(tmp_path / "run").config
    assert config.decoder == load_run(tiny_run).config.decoder
    assert config.training.max_epochs == 1
