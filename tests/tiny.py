"""Settings of models that train in a second on the drawn pictures, and models of drawn weights."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from showtell.models.encoders import Encoder

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


BACKBONE_SIZE = 64  # pixels


def write_backbone(path: Path, width: int = 24) -> Path:
    """Write an encoder that needs no export, one convolution: a map (B, width, 4, 4) of patches.

    For tests of what is done with features, whatever they are.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.random.default_rng(0).normal(size=(width, 3, 16, 16)).astype(np.float32) / 16
    pixels = ("n", 3, BACKBONE_SIZE, BACKBONE_SIZE)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["raw"], strides=[16, 16]),
            helper.make_node("Relu", ["raw"], ["map"]),
        ],
        "backbone",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, pixels)],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ("n", width, 4, 4))],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    imports = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), path)
    return path


def naming_encoder() -> "Encoder":
    """An encoder that names what it sees: 1,000 classes in three words, and four more words."""
    from dataclasses import replace

    import torch

    from showtell.concepts import Concepts
    from showtell.config import EncoderConfig
    from showtell.models.encoders import build_encoder
    from showtell.models.recogniser import Recogniser

    torch.manual_seed(2)
    concepts = Concepts((("animal", "dog", "thing"), ("dog", "grass", "red", "run")))
    class_words = torch.nn.functional.one_hot(torch.arange(1000) % 3).float()
    recogniser = Recogniser(concepts, feature_dim=1280).requires_grad_(False)
    recogniser.class_words.copy_(class_words)
    for layer in (recogniser.classes, recogniser.words):
        layer.weight.mul_(5)  # probabilities that differ
    encoder = build_encoder(EncoderConfig(name="efficientnet-lite0", image_size=64))
    return replace(encoder, recogniser=recogniser)


def save_naming_bundle(path: Path) -> None:
    """Write a bundle, of drawn weights, that names what it sees and looks at the names."""
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
    from showtell.config import BeamConfig, DecoderConfig
    from showtell.exporting.onnx import export_decoder, export_encoder
    from showtell.models.build import build_decoder
    from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

    encoder = naming_encoder()
    torch.manual_seed(5)
    assert encoder.recogniser is not None
    concepts = encoder.recogniser.concepts
    vocabulary = Vocabulary((*SPECIAL_TOKENS, *sorted(set(concepts.words)), "a", "b", "c", "d"))
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
