"""A PyTorch decoder behind the search protocol."""

import numpy as np
import pytest
import torch

from showtell.config import DecoderConfig
from showtell.models.build import build_decoder
from showtell.models.decoders import Decoder
from showtell.models.stepper import TorchStepper
from showtell.vocabulary import START_ID


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    config = DecoderConfig(embedding_dim=4, hidden_dim=4)
    return build_decoder(config, feature_dim=3, vocabulary_size=9).eval()


def test_selected_rows_go_on_as_the_rows_they_copy(decoder: Decoder) -> None:
    features = torch.rand(2, 1, 3)
    stepper, other = TorchStepper(decoder, features), TorchStepper(decoder, features)
    start = np.full(2, START_ID)
    for s in (stepper, other):
        s.step(start)
    stepper.select(np.array([1, 0, 1]))
    assert stepper.num_rows == 3
    found = stepper.step(np.array([4, 5, 6]))
    expected = other.step(np.array([5, 4]))
    np.testing.assert_allclose(found[:2], expected[::-1], atol=1e-6)
    assert not np.allclose(found[2], found[0])  # the same past, another word


def test_log_probs_come_as_float32_numbers_in_nats(decoder: Decoder) -> None:
    log_probs = TorchStepper(decoder, torch.rand(2, 1, 3)).step(np.full(2, START_ID))
    assert log_probs.dtype == np.float32
    assert log_probs.shape == (2, 9)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, rtol=1e-5)
