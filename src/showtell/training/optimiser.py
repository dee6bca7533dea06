"""Which weights learn how fast, and when."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from showtell.config import FinetuningConfig, TrainingConfig
from showtell.training.model import CaptionModel


def build_optimizer(
    model: CaptionModel, training: TrainingConfig, finetuning: FinetuningConfig
) -> torch.optim.AdamW:
    """AdamW over the decoder, and over the encoder at its own rate where there is one."""
    parts: list[tuple[nn.Module, float]] = [(model.decoder, training.learning_rate)]
    if model.encoder is not None:
        parts.append((model.encoder, finetuning.learning_rate))
    return adamw(parts, weight_decay=training.weight_decay)


def adamw(parts: Sequence[tuple[nn.Module, float]], *, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over parts of a model, each at its own rate.

    Weight decay is for matrices: to pull a bias or a norm's scale to zero helps nothing.

    Source: Loshchilov and Hutter 2019 (arXiv:1711.05101).
    """
    groups = [
        {
            "params": [p for p in part.parameters() if (p.ndim >= 2) == is_matrix],
            "lr": rate,
            "initial_lr": rate,
            "weight_decay": weight_decay if is_matrix else 0.0,
        }
        for part, rate in parts
        for is_matrix in (True, False)
    ]
    return torch.optim.AdamW(groups)


def set_learning_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Bring every group to a share of its own rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * share


def learning_rate_share(training: TrainingConfig, *, epochs_done: float, update: float) -> float:
    """The share of the full learning rate at some moment, 0 to 1.

    Args:
        epochs_done: before the update that is to be made; 1.5 is half through the second epoch.
        update: epochs that one update takes.
    """
    warmup = training.warmup_epochs
    if epochs_done < warmup:
        return min(1.0, (epochs_done + update) / warmup)
    if training.schedule == "constant":
        return 1.0
    span = max(training.max_epochs - warmup, update)
    return 0.5 * (1 + math.cos(math.pi * (epochs_done - warmup) / span))
