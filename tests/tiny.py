"""Settings of models that train in a second on the drawn pictures, and one of drawn weights."""

from pathlib import Path

TINY_CONFIG = """
name = "tiny"
[encoder]
name = "efficientnet-lite0"
image_size = 64
[decoder]
embedding_dim = 24
hidden_dim = 24
image_dropout = 0.2
embedding_dropout = 0.2
[training]
min_count = 1
batch_size = 20
learning_rate = 0.02
schedule = "constant"
max_epochs = 15
patience = 15
[decoding]
beam_size = 2
max_length = 12
"""

TINY_STUDY_BASE = """
[base.encoder]
name = "efficientnet-lite0"
image_size = 64
[base.decoder]
embedding_dim = 24
hidden_dim = 24
[base.training]
min_count = 1
batch_size = 20
learning_rate = 0.02
max_epochs = 2
[base.decoding]
beam_size = 2
max_length = 12
"""


def save_naming_bundle(path: Path) -> None:
    """Write a bundle, of drawn weights, that names what it sees and looks at the names."""
    from dataclasses import replace

    import torch

    from showtell.bundle import (
        CONCEPTS,
        ENCODER,
        START,
        STEP,
        VOCABULARY,
        EncoderInfo,
        Manifest,
        save_bundle,
    )
    from showtell.concepts import Concepts
    from showtell.config import BeamConfig, DecoderConfig, EncoderConfig
    from showtell.export.onnx import export_decoder, export_encoder
    from showtell.models.build import build_decoder
    from showtell.models.encoders import build_encoder
    from showtell.models.recogniser import Recogniser
    from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

    torch.manual_seed(5)
    concepts = Concepts((("animal", "dog", "thing"), ("dog", "grass", "red", "run")))
    vocabulary = Vocabulary((*SPECIAL_TOKENS, *sorted(set(concepts.words)), "a", "b", "c", "d"))
    encoder = build_encoder(EncoderConfig(name="efficientnet-lite0", image_size=64))
    class_words = torch.nn.functional.one_hot(torch.arange(1000) % 3).float()
    recogniser = Recogniser(concepts, class_words, feature_dim=1280).requires_grad_(False)
    recogniser.words.weight.mul_(5)  # probabilities that differ
    encoder = replace(encoder, recogniser=recogniser)
    decoder = build_decoder(
        DecoderConfig(
            architecture="topdown", embedding_dim=16, hidden_dim=16, concept_places=(2, 3)
        ),
        feature_dim=1280,
        vocabulary_size=len(vocabulary),
        concept_ids=concepts.token_ids(vocabulary),
    ).eval()
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.mul_(3)  # captions that differ
    start, step = export_decoder(decoder, feature_shape=encoder.grid_shape)
    manifest = Manifest(
        name="naming",
        version="1",
        architecture="topdown",
        encoder=EncoderInfo(name=encoder.name, features="grid", weights_sha256=encoder.sha256),
        preprocessing=encoder.preprocessing,
        decoding=BeamConfig(beam_size=3, max_length=6),
    )
    files = {
        VOCABULARY: vocabulary.to_text().encode(),
        CONCEPTS: concepts.to_text().encode(),
        ENCODER: export_encoder(encoder),
        START: start,
        STEP: step,
    }
    save_bundle(path, manifest, files)
