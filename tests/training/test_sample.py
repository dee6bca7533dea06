"""Captions drawn word by word, from every decoder."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.models.build import ARCHITECTURES, build_decoder
from showtell.models.decoders import Decoder, Reading, State, Step
from showtell.training.sample import sample
from showtell.vocabulary import END_ID, PAD_ID, START_ID, UNK_ID

V, D = 11, 6  # vocabulary, feature width
WORD, OTHER = 4, 5


class Forgetful(Decoder):
    """The next token has the same probabilities whatever came before."""

    def __init__(self, *probs: float) -> None:
        super().__init__()
        self.log_probs = torch.tensor(probs).log()

    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        raise AssertionError("nothing is read here")

    def readout(self, outputs: Tensor) -> Tensor:
        raise AssertionError("nothing is read here")

    def start(self, features: Tensor, concepts: Tensor | None = None) -> State:
        return {"nothing": features[:, 0]}

    def step(self, token_ids: Tensor, state: State) -> Step:
        return Step(self.log_probs.expand(len(token_ids), -1), state)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(2)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_log_probs_are_those_of_reading_the_drawn_caption(architecture: str) -> None:
    config = DecoderConfig(architecture=architecture, embedding_dim=5, hidden_dim=7)
    decoder = build_decoder(config, feature_dim=D, vocabulary_size=V).eval()
    features = torch.rand(2, 4, D)
    token_ids, log_probs = sample(decoder, features, num_samples=3, max_length=5)
    inputs = functional.pad(token_ids[:, :-1], (1, 0), value=START_ID)
    inputs = inputs.masked_fill(inputs == END_ID, PAD_ID)
    logits = decoder.readout(decoder(features, inputs, torch.arange(2).repeat_interleave(3))[0])
    logits[..., [PAD_ID, START_ID, UNK_ID]] = -torch.inf
    logits[:, 0, END_ID] = -torch.inf
    expected = logits.log_softmax(-1).gather(2, token_ids[..., None]).squeeze(2)
    real = token_ids != PAD_ID
    torch.testing.assert_close(log_probs[real], expected[real])


def test_words_come_as_often_as_they_are_likely() -> None:
    decoder = Forgetful(0.1, 0.1, 0.1, 0.1, 0.45, 0.15)  # of what may be said: 1/7, 9/14, 3/14
    token_ids, _ = sample(decoder, torch.zeros(1, 1, 1), num_samples=20_000, max_length=2)
    first, second = token_ids[:, 0], token_ids[:, 1]
    assert (first == WORD).float().mean().item() == pytest.approx(0.75, abs=0.015)
    assert (second == END_ID).float().mean().item() == pytest.approx(1 / 7, abs=0.015)
    assert (second == OTHER).float().mean().item() == pytest.approx(3 / 14, abs=0.015)


def test_what_no_caption_may_hold_is_never_drawn() -> None:
    decoder = Forgetful(0.3, 0.3, 0.05, 0.3, 0.03, 0.02)
    token_ids, log_probs = sample(decoder, torch.zeros(2, 1, 1), num_samples=200, max_length=6)
    assert not ((token_ids == START_ID) | (token_ids == UNK_ID)).any()
    assert (token_ids[:, 0] >= WORD).all(), "a caption has a word"
    assert log_probs.isfinite().all()


def test_nothing_follows_the_end() -> None:
    decoder = Forgetful(0.1, 0.1, 0.5, 0.1, 0.1, 0.1)
    token_ids, log_probs = sample(decoder, torch.zeros(2, 1, 1), num_samples=50, max_length=6)
    ended = (token_ids == END_ID).cumsum(dim=1) - (token_ids == END_ID).int() > 0
    assert ((token_ids == PAD_ID) == ended).all()
    assert (log_probs[ended] == 0).all()


def test_a_caption_that_does_not_end_is_cut_off_and_has_no_end() -> None:
    decoder = Forgetful(0.0, 0.0, 0.0, 0.0, 0.5, 0.5)
    token_ids, _ = sample(decoder, torch.zeros(1, 1, 1), num_samples=4, max_length=3)
    assert token_ids.shape == (4, 4)
    assert (token_ids >= WORD).all()


def test_each_image_has_its_samples_one_after_another() -> None:
    torch.manual_seed(0)
    config = DecoderConfig(architecture="merge", embedding_dim=5, hidden_dim=7)
    decoder = build_decoder(config, feature_dim=D, vocabulary_size=V).eval()
    seen = []
    decoder.step = lambda ids, state, step=decoder.step: seen.append(state) or step(ids, state)  # type: ignore[method-assign, misc]
    features = torch.stack([torch.zeros(1, D), torch.ones(1, D)])
    sample(decoder, features, num_samples=2, max_length=1)
    for part in decoder.start(features):
        first = seen[0][part]
        assert torch.equal(first[0], first[1])
        assert torch.equal(first[2], first[3])
