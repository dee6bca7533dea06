"""In which numbers training is calculated."""

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device calculates in bfloat16 itself.

    A CPU without it emulates it, many times slower than float32, and refuses it for an LSTM.
    """
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return device.type != "cpu" or supported is None or bool(supported())


def mixed_precision(precision: Precision, device: torch.device) -> torch.autocast:
    """Give the context to calculate in: float32 where the device has no bfloat16."""
    enabled = precision == "bfloat16" and has_bfloat16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
