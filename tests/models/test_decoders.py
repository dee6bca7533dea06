"""Every decoder: whole sentences and single steps are the same network."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from showtell.config import DecoderConfig
from showtell.errors import ConfigError
from showtell.models.build import ARCHITECTURES, build_decoder
from showtell.models.decoders import Decoder
from showtell.vocabulary import PAD_ID, START_ID

V, D = 11, 6  # vocabulary, feature width
SENTENCES = torch.tensor([[START_ID, 4, 5, 6, 7], [START_ID, 8, 9, 10, 4], [START_ID, 5, 5, 5, 5]])
IMAGES = torch.tensor([0, 0, 1])  # two sentences of the first image, one of the second


@pytest.fixture(params=itertools.product(sorted(ARCHITECTURES), ("lstm", "gru")), ids="-".join)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    torch.manual_seed(3)
    architecture, cell = request.param
    config = DecoderConfig(architecture=architecture, cell=cell, embedding_dim=5, hidden_dim=7)
    return build_decoder(config, feature_dim=D, vocabulary_size=V).eval()


@pytest.fixture
def features() -> Tensor:
    return torch.rand(2, 4, D, generator=torch.Generator().manual_seed(4)) * 3


def whole(decoder: Decoder, features: Tensor, token_ids: Tensor, images: Tensor) -> Tensor:
    """Log-probabilities (R, T, V) of the next token, by teacher forcing."""
    with torch.inference_mode():
        return functional.log_softmax(
            decoder.readout(decoder(features, token_ids, images).outputs), dim=-1
        )


def test_teacher_forcing_and_single_steps_agree(decoder: Decoder, features: Tensor) -> None:
    expected = whole(decoder, features, SENTENCES, IMAGES)
    with torch.inference_mode():
        state = {name: tensor[IMAGES] for name, tensor in decoder.start(features).items()}
        for t in range(SENTENCES.shape[1]):
            log_probs, state, _ = decoder.step(SENTENCES[:, t], state)
            torch.testing.assert_close(log_probs, expected[:, t], atol=1e-5, rtol=0)


def test_log_probs_are_of_a_distribution(decoder: Decoder, features: Tensor) -> None:
    probs = whole(decoder, features, SENTENCES, IMAGES).exp()
    torch.testing.assert_close(probs.sum(dim=-1), torch.ones(SENTENCES.shape))


def test_no_position_sees_a_later_word(decoder: Decoder, features: Tensor) -> None:
    changed = SENTENCES.clone()
    changed[:, 3:] = PAD_ID
    before, after = (whole(decoder, features, ids, IMAGES) for ids in (SENTENCES, changed))
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_every_word_so_far_matters(decoder: Decoder, features: Tensor) -> None:
    changed = SENTENCES.clone()
    changed[:, 1] = 9
    before, after = (whole(decoder, features, ids, IMAGES) for ids in (SENTENCES, changed))
    assert not torch.allclose(before[0, -1], after[0, -1])


def test_the_image_matters_from_the_first_word_on(decoder: Decoder, features: Tensor) -> None:
    before, after = (whole(decoder, f, SENTENCES, IMAGES) for f in (features, features + 1))
    assert (before - after).abs().amax(dim=-1).min() > 1e-4


def test_a_sentence_is_the_same_alone_and_among_others(decoder: Decoder, features: Tensor) -> None:
    together = whole(decoder, features, SENTENCES, IMAGES)
    alone = whole(decoder, features[1:], SENTENCES[2:], torch.tensor([0]))
    torch.testing.assert_close(together[2:], alone)


def test_dropout_disturbs_training_only(decoder: Decoder, features: Tensor) -> None:
    assert torch.equal(*(whole(decoder, features, SENTENCES, IMAGES) for _ in range(2)))
    decoder.train()
    assert not torch.equal(*(whole(decoder, features, SENTENCES, IMAGES) for _ in range(2)))


def test_every_weight_learns(decoder: Decoder, features: Tensor) -> None:
    logits = decoder.readout(decoder(features, SENTENCES, IMAGES).outputs)
    logits.logsumexp(dim=-1).sum().backward()
    idle = [n for n, p in decoder.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def test_the_merge_decoder_has_the_size_of_the_mission_figure() -> None:
    decoder = build_decoder(DecoderConfig(), feature_dim=1280, vocabulary_size=2541)
    dense = 1280 * 256 + 256
    embedding = 2541 * 256
    lstm = 4 * (256 * 256 + 256 * 256 + 256 + 256)
    merge, output = 256 * 256 + 256, 256 * 2541 + 2541
    expected = dense + embedding + lstm + merge + output
    assert sum(p.numel() for p in decoder.parameters()) == expected


def test_a_misspelt_architecture_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'merge'"):
        build_decoder(DecoderConfig(architecture="merg"), feature_dim=D, vocabulary_size=V)


def test_fresh_weights_keep_the_size_of_the_signal() -> None:
    torch.manual_seed(0)
    decoder = build_decoder(DecoderConfig(), feature_dim=1280, vocabulary_size=500)
    weights = dict(decoder.named_parameters())
    glorot = (6 / (1280 + 256)) ** 0.5
    assert 0.98 * glorot < weights["image.weight"].abs().max() <= glorot
    recurrent = weights["recurrence.layer.weight_hh_l0"][:256]
    torch.testing.assert_close(recurrent @ recurrent.T, torch.eye(256), atol=1e-5, rtol=0)
    forget = weights["recurrence.layer.bias_ih_l0"] + weights["recurrence.layer.bias_hh_l0"]
    assert forget.tolist() == [0.0] * 256 + [1.0] * 256 + [0.0] * 512
    assert not weights["embedding.weight"][PAD_ID].any()
