"""The training loop, on eight photos that are nothing but one-hot features."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

from showtell.config import (
    BeamConfig,
    Config,
    DecoderConfig,
    FinetuningConfig,
    TrainingConfig,
)
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import CachedFeatures
from showtell.data.records import ImageFile, Record
from showtell.errors import CheckpointError, ConfigError
from showtell.metrics import Report
from showtell.metrics.result import mean_of
from showtell.models.build import ARCHITECTURES
from showtell.text import tokenize
from showtell.training import epochs, loop
from showtell.training.checkpoint import load_checkpoint, save_checkpoint, weights_of
from showtell.training.epochs import Events, TrainingState
from showtell.training.loop import Trainer
from showtell.training.run import RunFolder
from showtell.training.validate import mean_loss
from showtell.vocabulary import Vocabulary

SUBJECTS = ("dog", "cat", "man", "girl", "horse", "bird", "boat", "bus")
CAPTIONS = [(f"a {s} stands on grass", f"one {s}", f"the {s} in the sun") for s in SUBJECTS]
CONFIG = Config(
    name="tiny",
    decoder=DecoderConfig(
        embedding_dim=12, hidden_dim=12, image_dropout=0.2, embedding_dropout=0.2
    ),
    training=TrainingConfig(
        min_count=1, batch_size=6, learning_rate=0.02, schedule="constant", max_epochs=3, patience=3
    ),
    decoding=BeamConfig(beam_size=2, max_length=8),
)


@dataclass(frozen=True)
class Data:
    train: CaptionDataset
    val: CaptionDataset
    vocabulary: Vocabulary


@pytest.fixture(scope="module")
def data() -> Data:
    vocabulary = Vocabulary.build(
        (tokenize(c) for captions in CAPTIONS for c in captions), min_count=1
    )
    features = np.eye(8, dtype=np.float16)[:, None, :] * 3
    train, val = (
        CaptionDataset(
            [Record(f"{i}.jpg", ImageFile(Path()), c, split) for i, c in enumerate(CAPTIONS)],
            vocabulary,
            CachedFeatures(features, np.arange(8)),
        )
        for split in ("train", "val")
    )
    return Data(train, val, vocabulary)


def trainer(
    data: Data,
    folder: Path,
    config: Config = CONFIG,
    weights: dict[str, torch.Tensor] | None = None,
) -> Trainer:
    return Trainer(
        config,
        train=data.train,
        val=data.val,
        vocabulary=data.vocabulary,
        feature_dim=8,
        folder=RunFolder(folder),
        weights=weights,
    )


def with_training(**settings: Any) -> Config:
    return replace(CONFIG, training=replace(CONFIG.training, **settings))


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    return weights_of(load_checkpoint(RunFolder(folder).last)[0])


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def stop_after(batches: int) -> Events:
    """Press Ctrl-C once this many batches are done."""
    seen = iter(range(1, batches + 1))
    return Events(should_stop=lambda: next(seen) == batches)


def test_it_learns_to_tell_the_photos_apart(data: Data, tmp_path: Path) -> None:
    state = trainer(data, tmp_path, with_training(max_epochs=40, patience=40)).fit(Events())
    losses = [entry["train_loss"] for entry in state.history]
    assert losses[-1] < 0.5 * losses[0]
    captions = json.loads(RunFolder(tmp_path).val_captions.read_text())
    right = [s in row["caption"].lower() for s, row in zip(SUBJECTS, captions, strict=True)]
    assert all(right), captions


def test_the_validation_loss_is_measured_without_dropout(data: Data, tmp_path: Path) -> None:
    run = trainer(data, tmp_path, with_training(max_epochs=2))
    state = run.fit(Events())
    assert state.history[-1]["val_loss"] == mean_loss(run.model.decoder, data.val, 6)
    assert mean_loss(run.model.decoder, data.val, 2) == pytest.approx(
        mean_loss(run.model.decoder, data.val, 9)
    )
    assert run.model.decoder.training


def test_a_seed_fixes_every_number(data: Data, tmp_path: Path) -> None:
    for name in ("a", "b"):
        trainer(data, tmp_path / name).fit(Events())
    trainer(data, tmp_path / "c", replace(CONFIG, seed=2)).fit(Events())
    a, b, c = (last_weights(tmp_path / name) for name in "abc")
    assert same(a, b)
    assert not same(a, c)


@pytest.mark.parametrize("batches", [1, 3, 4, 7, 11])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    data: Data, tmp_path: Path, batches: int
) -> None:
    whole = trainer(data, tmp_path / "whole").fit(Events())
    with pytest.raises(KeyboardInterrupt):
        trainer(data, tmp_path / "stopped").fit(stop_after(batches))
    resumed = trainer(data, tmp_path / "stopped").fit(Events())
    assert same(last_weights(tmp_path / "whole"), last_weights(tmp_path / "stopped"))
    for found, expected in zip(resumed.history, whole.history, strict=True):
        assert {**found, "train_s": 0} == {**expected, "train_s": 0}


def test_a_killed_run_goes_on_from_its_last_checkpoint(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_training(checkpoint_every_s=1e-9)  # after every batch
    trainer(data, tmp_path / "whole", config).fit(Events())

    class KillError(Exception):
        pass

    def die(done: int, total: int) -> None:
        if done == 3:
            raise KillError

    with pytest.raises(KillError):
        trainer(data, tmp_path / "killed", config).fit(Events(batch=die))
    resumed = trainer(data, tmp_path / "killed", config)
    assert resumed.state.batch == 2  # the batch in hand is all that was lost
    resumed.fit(Events())
    assert same(last_weights(tmp_path / "whole"), last_weights(tmp_path / "killed"))


def test_a_run_killed_as_its_last_epoch_ends_ends_it_again_alike(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainer(data, tmp_path / "whole").fit(Events())

    class KillError(Exception):
        pass

    def save_or_die(path: Path, tensors: Any, meta: dict[str, Any]) -> None:
        if path.name == "last.safetensors" and len(meta["state"]["history"]) == 3:
            raise KillError
        save_checkpoint(path, tensors, meta)

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "save_checkpoint", save_or_die)
        with pytest.raises(KillError):
            trainer(data, tmp_path / "killed").fit(Events())
    resumed = trainer(data, tmp_path / "killed").fit(Events())
    assert [e["scores"] for e in resumed.history] == [e["scores"] for e in whole.history]
    assert len(RunFolder(tmp_path / "killed").log.read_text().splitlines()) == 3


def test_a_finished_run_is_left_as_it_is(data: Data, tmp_path: Path) -> None:
    trainer(data, tmp_path).fit(Events())
    before = RunFolder(tmp_path).last.read_bytes()
    again = trainer(data, tmp_path)
    assert again.finished
    assert again.fit(Events()).best_epoch >= 1
    assert RunFolder(tmp_path).last.read_bytes() == before


def scripted_scores(monkeypatch: pytest.MonkeyPatch, *ciders: float) -> None:
    """Let validation find these CIDErs, epoch after epoch."""
    remaining = iter(ciders)

    def validate(*args: Any, **kwargs: Any) -> tuple[Report, dict[str, str]]:
        cider = next(remaining)
        result = mean_of("CIDEr", np.array([cider / 100]))
        report = Report(("0.jpg",), (result,), conditions={}, decoding={})
        return report, {"0.jpg": f"CIDEr {cider}"}

    monkeypatch.setattr(loop, "validate", validate)


def test_the_best_epoch_is_kept_and_only_a_better_one_replaces_it(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_scores(monkeypatch, 10.0, 30.0, 20.0)
    state = trainer(data, tmp_path).fit(Events())
    assert [entry["best"] for entry in state.history] == [True, True, False]
    assert (state.best_epoch, state.best_cider) == (2, 30.0)
    assert load_checkpoint(RunFolder(tmp_path).best)[1]["epoch"] == 2
    assert "CIDEr 30.0" in RunFolder(tmp_path).val_captions.read_text()


def test_training_stops_when_patience_is_out(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_scores(monkeypatch, 10.0, 30.0, 20.0, 25.0, 99.0)
    state = trainer(data, tmp_path, with_training(max_epochs=9, patience=2)).fit(Events())
    assert len(state.history) == 4


def test_the_log_has_one_line_an_epoch(data: Data, tmp_path: Path) -> None:
    state = trainer(data, tmp_path).fit(Events())
    lines = RunFolder(tmp_path).log.read_text().splitlines()
    assert [json.loads(line) for line in lines] == state.history


def test_the_learning_rate_falls_as_a_cosine_to_nothing(data: Data, tmp_path: Path) -> None:
    run = trainer(data, tmp_path, with_training(schedule="cosine", max_epochs=2))
    rates: list[float] = []
    run.fit(Events(batch=lambda *_: rates.append(run.optimizer.param_groups[0]["lr"])))
    assert len(rates) == 8  # two epochs of four batches
    expected = [0.02 * 0.5 * (1 + np.cos(np.pi * k / 8)) for k in range(8)]
    np.testing.assert_allclose(rates, expected)


def test_callers_hear_of_batches_and_epochs(data: Data, tmp_path: Path) -> None:
    batches: list[tuple[int, int]] = []
    epochs: list[int] = []
    config = with_training(max_epochs=1)
    trainer(data, tmp_path, config).fit(
        Events(
            batch=lambda done, total: batches.append((done, total)),
            epoch=lambda entry: epochs.append(entry["epoch"]),
        )
    )
    assert batches == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert epochs == [1]


def test_a_damaged_checkpoint_is_an_error_and_not_a_new_beginning(
    data: Data, tmp_path: Path
) -> None:
    trainer(data, tmp_path).fit(Events())
    RunFolder(tmp_path).last.write_bytes(b"half a file")
    with pytest.raises(CheckpointError, match="cannot be read"):
        trainer(data, tmp_path)


def test_a_new_run_stands_at_the_first_batch(data: Data, tmp_path: Path) -> None:
    assert trainer(data, tmp_path).state == TrainingState()


NO_DROPOUT = replace(
    CONFIG, decoder=replace(CONFIG.decoder, image_dropout=0.0, embedding_dropout=0.0)
)


def close(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.allclose(a[n], b[n], atol=1e-5) for n in a)


def test_two_small_batches_to_an_update_are_one_large_batch(data: Data, tmp_path: Path) -> None:
    small = replace(NO_DROPOUT, training=replace(CONFIG.training, accumulation_steps=2))
    large = replace(NO_DROPOUT, training=replace(CONFIG.training, batch_size=12))
    for name, config in (("small", small), ("large", large), ("neither", NO_DROPOUT)):
        trainer(data, tmp_path / name, config).fit(Events())
    found = last_weights(tmp_path / "small")
    assert close(found, last_weights(tmp_path / "large"))
    assert not close(found, last_weights(tmp_path / "neither"))


def test_a_run_that_accumulates_resumes_exactly(data: Data, tmp_path: Path) -> None:
    config = with_training(accumulation_steps=3)  # of four batches: three, then one
    trainer(data, tmp_path / "whole", config).fit(Events())
    with pytest.raises(KeyboardInterrupt):
        trainer(data, tmp_path / "stopped", config).fit(stop_after(3))
    trainer(data, tmp_path / "stopped", config).fit(Events())
    assert same(last_weights(tmp_path / "whole"), last_weights(tmp_path / "stopped"))


def test_updates_are_counted_through_the_epochs(data: Data, tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []
    config = with_training(accumulation_steps=3, warmup_epochs=1.0, max_epochs=2)
    trainer(data, tmp_path, config).fit(
        Events(update=lambda number, loss, rate: seen.append((number, rate)))
    )
    assert [number for number, _ in seen] == [1, 2, 3, 4]
    assert [rate for _, rate in seen] == pytest.approx([0.015, 0.02, 0.02, 0.02])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_decoder_learns_in_mixed_precision(
    data: Data, tmp_path: Path, architecture: str, cell: Literal["lstm", "gru"]
) -> None:
    config = with_training(precision="bfloat16", max_epochs=8, patience=8)
    decoder = replace(CONFIG.decoder, architecture=architecture, cell=cell)
    run = trainer(data, tmp_path, replace(config, decoder=decoder))
    losses = [entry["train_loss"] for entry in run.fit(Events()).history]
    assert losses[-1] < 0.9 * losses[0]
    assert all(weight.dtype == torch.float32 for weight in run.model.parameters())


def test_what_diverges_is_refused_before_it_is_kept(data: Data, tmp_path: Path) -> None:
    config = with_training(learning_rate=1e30, batch_size=100, max_epochs=2)
    with pytest.raises(ConfigError, match="training diverged"):
        trainer(data, tmp_path, config).fit(Events())
    assert not RunFolder(tmp_path).best.exists()


def test_a_checkpoint_that_is_not_of_this_run_is_one_clear_error(
    data: Data, tmp_path: Path
) -> None:
    trainer(data, tmp_path).fit(Events())
    path = RunFolder(tmp_path).last
    tensors, meta = load_checkpoint(path)
    tensors.pop("model.decoder.image.weight")
    save_checkpoint(path, tensors, meta)
    with pytest.raises(CheckpointError, match="does not fit"):
        trainer(data, tmp_path)


def test_patience_waits_for_the_encoder_to_learn() -> None:
    history = [{"scores": {"CIDEr": 9.0}}, {"scores": {"CIDEr": 8.0}}, {"scores": {"CIDEr": 7.0}}]
    state = TrainingState(epoch=4, best_epoch=1, history=history)
    impatient = with_training(max_epochs=9, patience=2)
    assert state.finished(impatient)
    assert not state.finished(replace(impatient, finetuning=FinetuningConfig(from_epoch=4)))


def test_weights_of_another_run_are_where_it_begins(data: Data, tmp_path: Path) -> None:
    trainer(data, tmp_path / "first").fit(Events())
    weights = last_weights(tmp_path / "first")
    second = trainer(data, tmp_path / "second", weights=weights)
    assert same(second.model.state_dict(), weights)


def test_weights_of_another_architecture_are_refused(data: Data, tmp_path: Path) -> None:
    trainer(data, tmp_path / "first").fit(Events())
    weights = last_weights(tmp_path / "first")
    for decoder in (
        replace(CONFIG.decoder, hidden_dim=13),
        replace(CONFIG.decoder, architecture="init-inject"),
    ):
        with pytest.raises(ConfigError, match="do not fit this config"):
            trainer(data, tmp_path / "second", replace(CONFIG, decoder=decoder), weights)
