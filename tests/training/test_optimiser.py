"""Which weights learn how fast, and when."""

import math

import pytest
import torch

from showtell.config import DecoderConfig, FinetuningConfig, TrainingConfig
from showtell.models.build import build_decoder
from showtell.training.loss import caption_loss
from showtell.training.model import CaptionModel
from showtell.training.optimiser import build_optimizer, learning_rate_share, set_learning_rate


def model(*, encoder: torch.nn.Module | None = None) -> CaptionModel:
    config = DecoderConfig(embedding_dim=4, hidden_dim=4)
    decoder = build_decoder(config, feature_dim=3, vocabulary_size=9)
    return CaptionModel(decoder, caption_loss, encoder=encoder)


def test_matrices_decay_and_biases_do_not() -> None:
    optimizer = build_optimizer(model(), TrainingConfig(weight_decay=0.1), FinetuningConfig())
    decays = {
        p.ndim: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]
    }
    assert decays == {1: 0.0, 2: 0.1}


def test_every_weight_is_in_one_group() -> None:
    whole = model(encoder=torch.nn.Conv2d(3, 5, 1))
    optimizer = build_optimizer(whole, TrainingConfig(), FinetuningConfig())
    grouped = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in whole.parameters())


def test_the_encoder_learns_at_its_own_rate_on_the_same_schedule() -> None:
    whole = model(encoder=torch.nn.Conv2d(3, 5, 1))
    optimizer = build_optimizer(
        whole, TrainingConfig(learning_rate=1e-2), FinetuningConfig(learning_rate=1e-4)
    )
    set_learning_rate(optimizer, 0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [5e-3, 5e-3, 5e-5, 5e-5]


def test_the_rate_rises_over_the_warm_up_and_then_falls_as_a_cosine() -> None:
    config = TrainingConfig(warmup_epochs=1.0, max_epochs=3, schedule="cosine")
    found = [learning_rate_share(config, epochs_done=k / 4, update=1 / 4) for k in range(12)]
    rise = [0.25, 0.5, 0.75, 1.0]
    fall = [0.5 * (1 + math.cos(math.pi * k / 8)) for k in range(8)]
    assert found == pytest.approx(rise + fall)


def test_a_constant_rate_is_constant_after_the_warm_up() -> None:
    config = TrainingConfig(warmup_epochs=0.5, max_epochs=3, schedule="constant")
    found = [learning_rate_share(config, epochs_done=k / 4, update=1 / 4) for k in range(4)]
    assert found == pytest.approx([0.5, 1.0, 1.0, 1.0])


def test_a_warm_up_longer_than_the_run_is_cut_off_by_its_end() -> None:
    config = TrainingConfig(warmup_epochs=4.0, max_epochs=2)
    assert learning_rate_share(config, epochs_done=1.75, update=0.25) == pytest.approx(0.5)
