"""Decoders that look at concepts beside the grid: what is there for them and what is not."""

import pytest
import torch
from torch import Tensor

from showtell.config import DecoderConfig
from showtell.errors import ConfigError
from showtell.models.build import ARCHITECTURES, build_decoder
from showtell.models.decoders import Decoder
from showtell.models.decoders.concept_places import LEAST, ConceptPlaces
from showtell.vocabulary import START_ID, UNK_ID

ATTENDING = sorted(name for name, kind in ARCHITECTURES.items() if kind.needs_grid)
D, L, V = 6, 5, 13
CONCEPT_IDS = ((4, 5, UNK_ID), (6, 7, 4, 8))  # of words; two groups share one
C = sum(map(len, CONCEPT_IDS))
SENTENCES = torch.tensor([[START_ID, 9, 10], [START_ID, 11, 12], [START_ID, 4, 4]])
IMAGES = torch.tensor([0, 0, 1])


def build(architecture: str, *, dropout: float = 0.0) -> Decoder:
    torch.manual_seed(3)
    config = DecoderConfig(
        architecture=architecture,
        embedding_dim=5,
        hidden_dim=7,
        image_dropout=0,
        embedding_dropout=0,
        concept_places=(2, 3),
        concept_dropout=dropout,
    )
    return build_decoder(config, feature_dim=D, vocabulary_size=V, concept_ids=CONCEPT_IDS)


@pytest.fixture(params=ATTENDING)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    return build(request.param).eval()


@pytest.fixture
def features() -> Tensor:
    return torch.rand(2, L, D, generator=torch.Generator().manual_seed(4)) * 3


@pytest.fixture
def concepts() -> Tensor:
    return torch.tensor([[0.9, 0.0, 0.1, 0.3, 0.5, 0.0, 0.2], [0.1, 0.8, 0.0, 0.0, 0.9, 0.4, 0.0]])


def say(decoder: Decoder, features: Tensor, concepts: Tensor) -> Tensor:
    """What comes before the last layer, of every word: (R, T, W)."""
    with torch.no_grad():
        return decoder(features, SENTENCES, IMAGES, concepts).outputs


def test_features_of_zeros_are_no_features_at_all(
    decoder: Decoder, features: Tensor, concepts: Tensor
) -> None:
    nothing, blank = features[:, :0], torch.zeros_like(features)
    outputs = say(decoder, nothing, concepts)
    torch.testing.assert_close(say(decoder, blank, concepts), outputs)
    assert torch.isfinite(outputs).all()
    assert not torch.allclose(say(decoder, features, concepts), outputs)


def test_a_location_of_zeros_among_others_is_not_there(
    decoder: Decoder, features: Tensor, concepts: Tensor
) -> None:
    padded = torch.cat([features, torch.zeros(2, 3, D)], dim=1)
    expected = say(decoder, features, concepts)
    torch.testing.assert_close(say(decoder, padded, concepts), expected)


def test_what_is_not_shown_gets_no_attention(decoder: Decoder, concepts: Tensor) -> None:
    with torch.no_grad():
        weights = decoder(torch.zeros(2, L, D), SENTENCES, IMAGES, concepts).attention_weights
    assert weights is not None
    assert weights.shape == (3, 3, L + 2 + 3)
    assert not weights[..., :L].any()
    torch.testing.assert_close(weights[..., L:].sum(dim=-1), torch.ones(3, 3))


def test_a_concept_that_is_hardly_likely_is_no_place(
    decoder: Decoder, features: Tensor, concepts: Tensor
) -> None:
    before = say(decoder, features, concepts)
    changed = concepts.clone()
    changed[changed == 0] = LEAST * 0.99
    torch.testing.assert_close(say(decoder, features, changed), before)
    changed[changed < LEAST] = LEAST * 5
    assert not torch.allclose(say(decoder, features, changed), before, atol=1e-3)


def test_only_the_likeliest_of_each_group_are_places(
    decoder: Decoder, features: Tensor, concepts: Tensor
) -> None:
    crowded = concepts.clone()
    crowded[0, :3] = torch.tensor([0.9, 0.7, 0.3])  # the third of two
    other = crowded.clone()
    other[0, 2] = 0.5
    torch.testing.assert_close(say(decoder, features, other), say(decoder, features, crowded))
    other[0, 2] = 0.8
    assert not torch.allclose(say(decoder, features, other), say(decoder, features, crowded))


def test_how_likely_a_concept_is_makes_a_difference(
    decoder: Decoder, features: Tensor, concepts: Tensor
) -> None:
    surer = concepts.clone()
    surer[0, 0] = 0.99
    found, before = say(decoder, features, surer), say(decoder, features, concepts)
    assert not torch.allclose(found[:2], before[:2], atol=1e-4)
    torch.testing.assert_close(found[2], before[2])  # of the other photo


def test_a_word_in_two_groups_is_not_the_same_place_in_both() -> None:
    places = ConceptPlaces(((4,), (4,)), places=(1, 1), embedding_dim=5, hidden_dim=7, dropout=0)
    torch.nn.init.normal_(places.kind)
    values, mask = places(torch.tensor([[0.5, 0.5]]), torch.nn.Embedding(V, 5))
    assert mask.all()
    assert not torch.allclose(values[0, 0], values[0, 1])


def test_places_are_lost_in_training_alone_by_the_share_that_is_asked_for() -> None:
    places = ConceptPlaces(
        (tuple(range(4, 12)),), places=(8,), embedding_dim=5, hidden_dim=7, dropout=0.25
    )
    embedding = torch.nn.Embedding(V, 5)
    torch.manual_seed(0)
    lost = 1 - places(torch.full((500, 8), 0.5), embedding)[1].float().mean().item()
    assert 0.2 < lost < 0.3  # of 4,000
    assert places.eval()(torch.full((500, 8), 0.5), embedding)[1].all()


def test_whole_sentences_and_single_steps_agree(
    decoder: Decoder, features: Tensor, concepts: Tensor
) -> None:
    for shown in (features, torch.zeros_like(features), features[:, :0]):
        outputs = say(decoder, shown, concepts)
        with torch.inference_mode():
            start = decoder.start(shown, concepts)
            state = {name: part[IMAGES] for name, part in start.items()}
            for t in range(SENTENCES.shape[1]):
                log_probs, state, _ = decoder.step(SENTENCES[:, t], state)
                expected = decoder.readout(outputs[:, t]).log_softmax(dim=-1)
                torch.testing.assert_close(log_probs, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("architecture", ATTENDING)
def test_every_weight_gets_a_gradient_from_a_batch_without_photos(
    architecture: str, concepts: Tensor
) -> None:
    """Or several processes would wait for it."""
    decoder = build(architecture)
    outputs = decoder(torch.zeros(2, 0, D), SENTENCES, IMAGES, concepts).outputs
    decoder.readout(outputs).square().sum().backward()
    assert [name for name, weight in decoder.named_parameters() if weight.grad is None] == []


def test_concepts_that_a_decoder_cannot_look_at_are_refused() -> None:
    sizes = {"feature_dim": D, "vocabulary_size": V}
    with pytest.raises(ConfigError, match="the architecture merge cannot look"):
        build_decoder(DecoderConfig(concept_places=(2,)), **sizes, concept_ids=CONCEPT_IDS[:1])
    topdown = DecoderConfig(architecture="topdown", concept_places=(2,))
    with pytest.raises(ConfigError, match="names 1 groups of concepts, but the encoder gives 2"):
        build_decoder(topdown, **sizes, concept_ids=CONCEPT_IDS)
