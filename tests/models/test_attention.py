"""Where the attending decoders look, and what of a sentence counts."""

import pytest
import torch
from torch import Tensor

from showtell.config import Config, DecoderConfig, EncoderConfig, TrainingConfig
from showtell.errors import ConfigError
from showtell.models.build import ARCHITECTURES, build_decoder, check_decoder
from showtell.models.decoders import Decoder
from showtell.models.decoders.attend import Attention
from showtell.vocabulary import PAD_ID, START_ID

ATTENDING = sorted(name for name, kind in ARCHITECTURES.items() if kind.needs_grid)
D, L, V = 6, 5, 11
TOPDOWN = DecoderConfig(architecture="topdown")
SENTENCES = torch.tensor([[START_ID, 4, 5], [START_ID, 8, 9], [START_ID, 5, 5]])
IMAGES = torch.tensor([0, 0, 1])


@pytest.fixture(params=ATTENDING)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    torch.manual_seed(3)
    config = DecoderConfig(architecture=request.param, embedding_dim=5, hidden_dim=7)
    return build_decoder(config, feature_dim=D, vocabulary_size=V).eval()


@pytest.fixture
def features() -> Tensor:
    return torch.rand(2, L, D, generator=torch.Generator().manual_seed(4)) * 3


def test_a_location_whose_key_answers_the_query_gets_the_weight() -> None:
    attention = Attention(query_dim=2, value_dim=2, attention_dim=1)
    with torch.no_grad():
        attention.query.weight.zero_()
        attention.energy.weight.fill_(100.0)
    values = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]])
    keys = torch.tensor([[[-3.0], [3.0], [-3.0]]])
    context, weights = attention(torch.zeros(1, 2), keys, values)
    torch.testing.assert_close(weights, torch.tensor([[0.0, 1.0, 0.0]]))
    torch.testing.assert_close(context, torch.tensor([[0.0, 1.0]]))


def test_weights_sum_to_one_at_every_word_and_are_those_of_single_steps(
    decoder: Decoder, features: Tensor
) -> None:
    with torch.inference_mode():
        weights = decoder(features, SENTENCES, IMAGES).attention_weights
        assert weights is not None
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(SENTENCES.shape))
        state = {name: part[IMAGES] for name, part in decoder.start(features).items()}
        for t in range(SENTENCES.shape[1]):
            _, state, found = decoder.step(SENTENCES[:, t], state)
            assert found is not None
            torch.testing.assert_close(found, weights[:, t])


def test_where_it_looks_depends_on_the_words_so_far(decoder: Decoder, features: Tensor) -> None:
    with torch.inference_mode():
        weights = decoder(features, SENTENCES, IMAGES).attention_weights
    assert weights is not None
    torch.testing.assert_close(weights[0, 0], weights[1, 0])  # only <start> is read by then
    assert not torch.allclose(weights[0, 2], weights[1, 2])


def test_the_order_of_the_locations_does_not_matter(decoder: Decoder, features: Tensor) -> None:
    with torch.inference_mode():
        a, b = (decoder(f, SENTENCES, IMAGES).outputs for f in (features, features.flip(1)))
    torch.testing.assert_close(a, b)


def test_short_sentences_among_long_ones_are_read_as_if_alone(
    decoder: Decoder, features: Tensor
) -> None:
    mixed = torch.tensor([[START_ID, PAD_ID, PAD_ID], [START_ID, 8, 9], [START_ID, 5, PAD_ID]])
    with torch.inference_mode():
        outputs, weights = decoder(features, mixed, IMAGES)
        assert weights is not None
        for row, length in enumerate((1, 3, 2)):
            alone = decoder(features, mixed[row : row + 1, :length], IMAGES[row : row + 1])
            torch.testing.assert_close(outputs[row, :length], alone.outputs[0])
            assert not weights[row, length:].any()


def test_looking_at_one_vector_is_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r'topdown looks at a feature grid.*set it to "grid"'):
        check_decoder(Config(decoder=TOPDOWN))
    check_decoder(Config(decoder=TOPDOWN, encoder=EncoderConfig(features="grid")))


def test_a_loss_of_where_it_looked_is_refused_for_what_does_not_look() -> None:
    with pytest.raises(ConfigError, match="doubly_stochastic is for decoders that attend"):
        check_decoder(Config(training=TrainingConfig(doubly_stochastic=1.0)))
