"""PyTorch and ONNX Runtime say the same."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import tiny
import torch

from showtell.bundle import ENCODER, load_bundle
from showtell.config import BeamConfig, DecoderConfig, EncoderConfig
from showtell.errors import BundleError
from showtell.exporting.onnx import OPSET, _fold_lookups, export_decoder, export_encoder
from showtell.exporting.parity import compare_encoders, measure_encoder_parity, measure_parity
from showtell.exporting.precision import store_float16, store_int8
from showtell.exporting.quantise import quantise_encoder
from showtell.images import prepare
from showtell.models.build import ARCHITECTURES, build_decoder
from showtell.models.decoders import Decoder
from showtell.models.encoders import Encoder, build_encoder
from showtell.models.recogniser import Recogniser
from showtell.models.stepper import TorchStepper
from showtell.runtime.session import make_session
from showtell.runtime.stepper import OnnxStepper

FEATURES = (6, 24)  # L, D
CELLS = ("lstm", "gru")
ATTENDING = sorted(name for name, kind in ARCHITECTURES.items() if kind.needs_grid)


@pytest.fixture(scope="module")
def encoder_graph(tiny_bundle: Path) -> bytes:
    """EfficientNet-Lite0's, for pictures of 64 px."""
    return load_bundle(tiny_bundle).graphs[ENCODER]


@pytest.fixture(scope="module")
def naming_encoder() -> Encoder:
    return tiny.naming_encoder()


@pytest.fixture(scope="module")
def naming_graph(naming_bundle: Path) -> bytes:
    return load_bundle(naming_bundle).graphs[ENCODER]


@dataclass(frozen=True)
class ExportedDecoder:
    decoder: Decoder
    start: bytes
    step: bytes


@pytest.fixture(
    scope="module",
    params=[(name, cell) for name in sorted(ARCHITECTURES) for cell in CELLS],
    ids="-".join,
)
def exported(request: pytest.FixtureRequest) -> ExportedDecoder:
    """A decoder of each architecture and each kind of cell; to read only."""
    architecture, cell = request.param
    torch.manual_seed(1)
    config = DecoderConfig(architecture=architecture, cell=cell, embedding_dim=16, hidden_dim=16)
    decoder = build_decoder(config, feature_dim=FEATURES[1], vocabulary_size=50).eval()
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.mul_(3)  # confident enough that captions differ between photos
    return ExportedDecoder(decoder, *export_decoder(decoder, feature_shape=FEATURES))


def test_every_decoder_has_the_same_log_probs_and_captions_on_onnx_runtime(
    exported: ExportedDecoder,
) -> None:
    parity = measure_parity(
        exported.decoder,
        exported.start,
        exported.step,
        feature_shape=FEATURES,
        config=BeamConfig(),
    )
    assert parity.max_log_prob_error < 1e-4
    assert parity.same_captions == 1.0


def test_an_exported_graph_tells_no_path_of_the_computer_it_was_made_on(
    exported: ExportedDecoder, encoder_graph: bytes
) -> None:
    for graph in (encoder_graph, exported.start, exported.step):
        assert b".py" not in graph
        assert str(Path(__file__).parents[2]).encode() not in graph


def test_the_step_graph_says_where_an_attending_decoder_looks(exported: ExportedDecoder) -> None:
    decoder = exported.decoder
    start, step = (make_session(g, name="graph") for g in (exported.start, exported.step))
    assert ("attention_weights" in [o.name for o in step.get_outputs()]) == decoder.needs_grid
    if decoder.needs_grid:
        features = np.random.default_rng(0).random((3, *FEATURES), dtype=np.float32)
        names = [output.name for output in start.get_outputs()]
        state = dict(zip(names, start.run(names, {"features": features}), strict=True))
        (weights,) = step.run(["attention_weights"], {"token_ids": np.ones(3, np.int64), **state})
        assert weights.shape == (3, FEATURES[0])
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


def test_parity_sees_a_decoder_that_is_not_the_one_exported() -> None:
    config = DecoderConfig(embedding_dim=8, hidden_dim=8)
    torch.manual_seed(1)
    decoder = build_decoder(config, feature_dim=FEATURES[1], vocabulary_size=50).eval()
    start, step = export_decoder(decoder, feature_shape=FEATURES)
    with torch.no_grad():
        decoder.get_parameter("output.3.bias")[7] += 0.01
    parity = measure_parity(decoder, start, step, feature_shape=FEATURES, config=BeamConfig())
    assert parity.max_log_prob_error > 1e-3


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_encoder_takes_any_number_of_photos(encoder_graph: bytes, batch: int) -> None:
    encoder = build_encoder(EncoderConfig(name="efficientnet-lite0", image_size=64))
    pixels = np.random.default_rng(0).uniform(-1, 1, (batch, 3, 64, 64)).astype(np.float32)
    session = make_session(encoder_graph, name="encoder")
    found = session.run(["grid", "pooled"], {"pixels": pixels})
    with torch.inference_mode():
        expected = encoder.network(torch.from_numpy(pixels))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b.numpy(), atol=1e-4)


def test_float16_storage_halves_a_graph_and_hardly_changes_what_it_says(
    encoder_graph: bytes,
) -> None:
    small = store_float16(encoder_graph)
    assert len(small) < 0.55 * len(encoder_graph)
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 3, 64, 64)).astype(np.float32)
    a, b = (
        make_session(graph, name="encoder").run(["pooled"], {"pixels": pixels})[0].ravel()
        for graph in (encoder_graph, small)
    )
    assert b.dtype == np.float32
    assert a @ b / np.sqrt((a @ a) * (b @ b)) > 0.9999


def test_an_encoder_in_eight_bits_is_a_third_as_large_and_sees_much_the_same(
    encoder_graph: bytes, flickr8k: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    preprocessing = build_encoder(
        EncoderConfig(name="efficientnet-lite0", image_size=64)
    ).preprocessing
    pictures = sorted(flickr8k.rglob("*.jpg"))
    photos = np.stack([prepare(p.read_bytes(), preprocessing).pixels for p in pictures])
    capfd.readouterr()
    small = quantise_encoder(encoder_graph, photos[::2])
    assert capfd.readouterr().out == ""
    assert len(small) < 0.34 * len(encoder_graph)  # 0.31; what is exact in float32: 0.39
    assert 1e-2 < compare_encoders(encoder_graph, small, photos[1::2]) < 0.3  # 0.08
    grid, pooled = make_session(small, name="encoder").run(["grid", "pooled"], {"pixels": photos})
    assert grid.dtype == np.float32
    np.testing.assert_allclose(pooled, grid.mean(axis=1, keepdims=True), atol=0.05)


def test_a_weight_too_large_for_float16_is_refused_not_rounded_to_infinity() -> None:
    config = DecoderConfig(embedding_dim=32, hidden_dim=32)
    decoder = build_decoder(config, feature_dim=FEATURES[1], vocabulary_size=50).eval()
    with torch.no_grad():
        decoder.get_parameter("output.3.weight")[3, 3] = 1e5
    _, step = export_decoder(decoder, feature_shape=FEATURES)
    with pytest.raises(BundleError, match="float16 cannot"):
        store_float16(step)


def test_int8_storage_quarters_a_decoder_and_rounds_each_weight_by_its_row() -> None:
    config = DecoderConfig(embedding_dim=64, hidden_dim=64)
    decoder = build_decoder(config, feature_dim=FEATURES[1], vocabulary_size=500).eval()
    with torch.no_grad():
        decoder.get_parameter("embedding.weight")[7] = 0.0  # a row without a largest weight
    start, step = export_decoder(decoder, feature_shape=FEATURES)
    small = store_int8(step)
    assert len(small) < 0.35 * len(step)
    parity = measure_parity(
        decoder, start, small, feature_shape=FEATURES, config=BeamConfig(max_length=6)
    )
    assert 1e-6 < parity.max_log_prob_error < 0.1
    with torch.no_grad():
        decoder.get_parameter("output.3.weight")[3, 3] = torch.inf
    with pytest.raises(BundleError, match="no finite numbers"):
        store_int8(export_decoder(decoder, feature_shape=FEATURES)[1])


def test_parity_is_not_a_number_where_the_model_says_none() -> None:
    config = DecoderConfig(embedding_dim=8, hidden_dim=8)
    decoder = build_decoder(config, feature_dim=FEATURES[1], vocabulary_size=50).eval()
    start, step = export_decoder(decoder, feature_shape=FEATURES)
    with torch.no_grad():
        decoder.get_parameter("output.3.bias")[7] = float("nan")
    parity = measure_parity(decoder, start, step, feature_shape=FEATURES, config=BeamConfig())
    assert np.isnan(parity.max_log_prob_error)


def test_an_encoder_of_keras_is_exported_with_the_weights_it_has_now() -> None:
    config = EncoderConfig(name="keras:VGG16", image_size=48, weights="random")
    encoder = build_encoder(config)
    before = export_encoder(encoder)
    assert measure_encoder_parity(encoder, before) < 1e-3
    assert measure_encoder_parity(encoder, store_float16(before)) < 0.05
    assert str(Path(__file__).parents[2]).encode() not in before
    with torch.no_grad():  # as fine-tuning does
        for parameter in encoder.network.parameters():
            parameter.mul_(1.1)
    assert measure_encoder_parity(encoder, before) > 0.1
    after = export_encoder(encoder)
    assert measure_encoder_parity(encoder, after) < 1e-3
    grid = make_session(after, name="encoder").run(
        ["grid"], {"pixels": np.zeros((5, 3, 48, 48), np.float32)}
    )[0]
    assert grid.shape == (5, 1, 512)


def test_an_encoder_that_is_a_graph_is_exported_without_its_exporters_notes(
    tmp_path: Path,
) -> None:
    kernel = torch.randn(4, 3, 8, 8).numpy()
    node = onnx.helper.make_node("Conv", ["x", "kernel"], ["y"], strides=[8, 8])
    node.doc_string = "File /home/me/train.py, line 3"
    graph = onnx.helper.make_graph(
        [node],
        "backbone",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ("n", 3, 32, 32))],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ("n", 4, 4, 4))],
        [onnx.numpy_helper.from_array(kernel, "kernel")],
    )
    imports = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=imports), tmp_path / "b.onnx")
    encoder = build_encoder(EncoderConfig(name=f"onnx:{tmp_path}/b.onnx", image_size=32))
    exported = export_encoder(encoder)
    assert b"train.py" not in exported
    assert str(tmp_path).encode() not in exported
    assert measure_encoder_parity(encoder, exported) == 0
    assert 0 <= measure_encoder_parity(encoder, store_float16(exported)) < 0.05


def test_the_encoder_graph_is_compared_with_its_network(encoder_graph: bytes) -> None:
    encoder = build_encoder(EncoderConfig(name="efficientnet-lite0", image_size=64))
    assert measure_encoder_parity(encoder, encoder_graph) < 1e-3
    with torch.no_grad():
        encoder.network.get_parameter("head.norm.bias")[0] += 1
    assert measure_encoder_parity(encoder, encoder_graph) > 1e-2


@pytest.mark.parametrize("batch", [1, 3])
def test_an_encoder_that_names_what_it_sees_gives_probabilities_too(
    naming_encoder: Encoder, naming_graph: bytes, batch: int
) -> None:
    pixels = np.random.default_rng(0).uniform(-1, 1, (batch, 3, 64, 64)).astype(np.float32)
    session = make_session(naming_graph, name="encoder")
    pooled, concepts = session.run(["pooled", "concepts"], {"pixels": pixels})
    assert naming_encoder.recogniser is not None
    expected = naming_encoder.recogniser(torch.from_numpy(pooled)).numpy()
    np.testing.assert_allclose(concepts, expected, atol=1e-5)
    np.testing.assert_allclose(concepts[:, :3].sum(axis=1), 1, atol=1e-5)  # each class has a word
    assert measure_encoder_parity(naming_encoder, naming_graph) < 1e-3


def test_parity_sees_an_encoder_that_names_other_things(
    naming_encoder: Encoder, naming_graph: bytes
) -> None:
    recogniser = naming_encoder.recogniser
    assert recogniser is not None
    other = Recogniser(recogniser.concepts, feature_dim=1280).requires_grad_(False)
    other.class_words.copy_(recogniser.class_words)
    assert measure_encoder_parity(replace(naming_encoder, recogniser=other), naming_graph) > 0.01


def test_in_eight_bits_what_names_is_stored_so_and_computes_exactly(
    naming_encoder: Encoder, naming_graph: bytes, flickr8k: Path
) -> None:
    pictures = sorted(flickr8k.rglob("*.jpg"))[:6]
    preprocessing = naming_encoder.preprocessing
    photos = np.stack([prepare(p.read_bytes(), preprocessing).pixels for p in pictures])
    small = quantise_encoder(naming_graph, photos[::2])
    stored = {tensor.name: tensor for tensor in onnx.load_from_string(small).graph.initializer}
    classes = stored["recogniser.classes.weight.int8"]
    assert classes.data_type == onnx.TensorProto.INT8
    assert len(classes.raw_data) == 1000 * 1280
    assert "recogniser.classes.weight" not in stored
    pooled, concepts = make_session(small, name="encoder").run(
        ["pooled", "concepts"], {"pixels": photos}
    )
    assert naming_encoder.recogniser is not None
    expected = naming_encoder.recogniser(torch.from_numpy(pooled)).numpy()
    np.testing.assert_allclose(concepts, expected, atol=0.02)  # but for the weights' rounding
    levels = np.unique(concepts[:, 3:])
    assert len(levels) == 4 * len(photos)  # of 256 steps, some would be the same


@pytest.mark.parametrize("unseen", [False, True])
@pytest.mark.parametrize("architecture", ATTENDING)
def test_a_decoder_that_looks_at_concepts_says_the_same_on_onnx_runtime(
    architecture: str, unseen: bool
) -> None:
    torch.manual_seed(1)
    config = DecoderConfig(
        architecture=architecture, embedding_dim=16, hidden_dim=16, concept_places=(2, 3)
    )
    ids = ((4, 5, 6), (7, 8, 9, 10))
    decoder = build_decoder(
        config, feature_dim=FEATURES[1], vocabulary_size=50, concept_ids=ids
    ).eval()
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.mul_(3)
    start, step = export_decoder(decoder, feature_shape=FEATURES)
    asked = [wanted.name for wanted in make_session(start, name="start").get_inputs()]
    assert asked == ["features", "concepts"]
    search = BeamConfig(unseen=unseen)
    parity = measure_parity(decoder, start, step, feature_shape=FEATURES, config=search)
    assert parity.max_log_prob_error < 1e-4
    assert parity.same_captions == 1.0


def test_a_photo_that_is_not_shown_is_the_same_on_onnx_runtime() -> None:
    torch.manual_seed(1)
    config = DecoderConfig(
        architecture="topdown", embedding_dim=16, hidden_dim=16, concept_places=(2, 3)
    )
    decoder = build_decoder(
        config,
        feature_dim=FEATURES[1],
        vocabulary_size=50,
        concept_ids=((4, 5, 6), (7, 8, 9, 10)),
    ).eval()
    start, step = export_decoder(decoder, feature_shape=FEATURES)
    sessions = make_session(start, name="start"), make_session(step, name="step")
    features = np.random.default_rng(0).random((3, *FEATURES), dtype=np.float32)
    features[1] = 0
    concepts = np.random.default_rng(1).random((3, 7), dtype=np.float32)
    concepts[2] = 0
    ids = np.full(3, 1)
    expected = TorchStepper(decoder, *map(torch.from_numpy, (features, concepts))).step(ids)
    found = OnnxStepper(*sessions, features, concepts).step(ids)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert len(np.unique(found[:, 5])) == 3


@pytest.mark.parametrize("looked_up_again", [False, True])
def test_of_a_table_a_fixed_lookup_keeps_its_rows_alone(looked_up_again: bool) -> None:
    table = np.arange(10, dtype=np.float32).reshape(5, 2)
    nodes = [
        onnx.helper.make_node("Gather", ["table", "rows"], ["taken"]),
        onnx.helper.make_node("Add", ["x", "taken"], ["shifted"]),
        onnx.helper.make_node("Gather", ["table" if looked_up_again else "taken", "i"], ["found"]),
    ]
    number, whole = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    describe = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "lookups",
        [describe("x", number, [2, 2]), describe("i", whole, [1])],
        [describe("shifted", number, [2, 2]), describe("found", number, [1, 2])],
        [
            onnx.numpy_helper.from_array(table, "table"),
            onnx.numpy_helper.from_array(np.array([3, 1]), "rows"),
        ],
    )
    opset = onnx.helper.make_opsetid("", OPSET)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=10)
    inputs = {"x": np.ones((2, 2), dtype=np.float32), "i": np.array([1])}
    before, after = (
        onnxruntime.InferenceSession(one.SerializeToString()).run(None, inputs)
        for one in (model, _fold_lookups(onnx.ModelProto.FromString(model.SerializeToString())))
    )
    for theirs, ours in zip(before, after, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    folded = _fold_lookups(model)
    assert [node.op_type for node in folded.graph.node] == ["Add", "Gather"]
    kept = {tensor.name for tensor in folded.graph.initializer}
    assert kept == {"taken", *(["table"] if looked_up_again else [])}
