"""In which numbers training is calculated: see `showtell.training.precision`."""

import pytest
import torch

from showtell.training.precision import has_bfloat16, mixed_precision

CPU = torch.device("cpu")


def product_type(precision: str) -> torch.dtype:
    with mixed_precision(precision, CPU):
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


@pytest.mark.parametrize("has_it", [True, False])
def test_bfloat16_is_used_where_the_cpu_has_it(
    has_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("showtell.training.precision.has_bfloat16", lambda device: has_it)
    assert product_type("bfloat16") == (torch.bfloat16 if has_it else torch.float32)
    assert product_type("float32") == torch.float32


def test_a_gpu_is_taken_to_have_it() -> None:
    assert has_bfloat16(torch.device("cuda"))
