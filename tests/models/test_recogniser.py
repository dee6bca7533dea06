"""From pooled features to probabilities of concepts."""

import numpy as np
import pytest
import torch
from torch import nn

from showtell.concepts import Concepts, load_imagenet_words
from showtell.models.recogniser import Recogniser, begin_recogniser

WORDS = ("dog", "grass")


@pytest.fixture
def recogniser() -> Recogniser:
    torch.manual_seed(1)
    return begin_recogniser(
        nn.Linear(6, 1000),
        class_words=load_imagenet_words(),
        caption_words=WORDS,
        shares=np.array([0.2, 0.0], dtype=np.float32),
    )


def test_it_begins_with_how_common_each_word_is(recogniser: Recogniser) -> None:
    probs = recogniser(torch.randn(3, 1, 6))[:, -len(WORDS) :]
    torch.testing.assert_close(probs, torch.tensor([[0.2, 1e-4]] * 3), atol=1e-6, rtol=1e-4)


def test_a_class_gives_its_probability_to_each_of_its_words(recogniser: Recogniser) -> None:
    words = recogniser.concepts.groups[0]
    nn.init.zeros_(recogniser.classes.weight)
    nn.init.constant_(recogniser.classes.bias, -100.0)
    with torch.no_grad():
        recogniser.classes.bias[[409, 892]] = torch.tensor([0.0, 1.0])  # two clocks
    probs = recogniser(torch.zeros(1, 1, 6))[0].tolist()
    assert probs[words.index("clock")] == pytest.approx(1, abs=1e-6)
    assert probs[words.index("zebra")] == pytest.approx(0, abs=1e-6)


def test_a_recogniser_is_its_weights_and_its_words(recogniser: Recogniser) -> None:
    nn.init.normal_(recogniser.words.weight)
    concepts = Concepts.from_text(recogniser.concepts.to_text())
    other = Recogniser(concepts, feature_dim=6)
    other.load_state_dict(recogniser.state_dict())
    pooled = torch.randn(2, 1, 6)
    assert torch.equal(other(pooled), recogniser(pooled))
    assert recogniser(pooled).shape == (2, len(concepts))
