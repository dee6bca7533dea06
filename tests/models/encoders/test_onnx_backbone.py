"""Any exported CNN as an encoder: what is missing in its graph is added."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError
from showtell.models.encoders import build_encoder
from showtell.runtime.session import make_session

SIZE, WIDTH, SIDE = 32, 5, 4  # pixels, D, steps of the map
KERNEL = np.random.default_rng(0).normal(size=(WIDTH, 3, 8, 8)).astype(np.float32)
ENDS: dict[str, list[onnx.NodeProto]] = {  # from the map (B, D, h, w) to what the file gives
    "map": [helper.make_node("Identity", ["map"], ["out"])],
    "grid": [
        helper.make_node("Reshape", ["map", "columns"], ["pooled"]),  # a name of ours, taken
        helper.make_node("Transpose", ["pooled"], ["out"], perm=[0, 2, 1]),
    ],
    "vector": [
        helper.make_node("GlobalAveragePool", ["map"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["out"]),
    ],
    "channels last": [helper.make_node("Transpose", ["map"], ["out"], perm=[0, 2, 3, 1])],
    "fixed": [
        helper.make_node("Reshape", ["map", "of_one"], ["out"]),
    ],
}


def write_backbone(
    path: Path,
    *,
    end: str = "map",
    shape: tuple[Any, ...] = ("n", 3, SIZE, SIZE),
    outputs: tuple[str, ...] = ("out",),
    element: int = TensorProto.FLOAT,
    opset: int = 13,
    ir_version: int = 8,
) -> EncoderConfig:
    """Write one convolution with stride 8 and ReLU, and give a config that names it."""
    constants = {
        "kernel": KERNEL,
        "columns": np.array([0, WIDTH, -1]),
        "of_one": np.array([1, WIDTH, SIDE, SIDE]),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["raw"], strides=[8, 8], name="conv"),
            helper.make_node("Relu", ["raw"], ["map"]),
            *ENDS[end],
        ],
        "backbone",
        [helper.make_tensor_value_info("image", element, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    if ir_version < 4:  # as files of 2018: weights are inputs too
        graph.input.extend(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            for tensor in graph.initializer
        )
    imports = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=ir_version)
    onnx.save(model, path)
    return EncoderConfig(name=f"onnx:{path}", image_size=SIZE)


def pictures() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(3, 3, SIZE, SIZE)).astype(np.float32)


def expected_map(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve by hand: (B, D, h, w)."""
    tiles = pixels.reshape(-1, 3, SIDE, 8, SIDE, 8)
    return np.maximum(np.einsum("bchiwj,dcij->bdhw", tiles, KERNEL), 0)


def run(graph: bytes, pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return make_session(graph, name="encoder").run(["grid", "pooled"], {"pixels": pixels})


@pytest.mark.parametrize("opset", [9, 13, 20])
@pytest.mark.parametrize("end", ["map", "grid"])
@pytest.mark.parametrize("batch", ["n", 1])
def test_a_map_or_a_grid_gives_grid_and_pooled_for_any_number_of_photos(
    tmp_path: Path, end: str, opset: int, batch: str | int
) -> None:
    shape = (batch, 3, SIZE, SIZE)
    encoder = build_encoder(write_backbone(tmp_path / "b.onnx", end=end, opset=opset, shape=shape))
    assert encoder.feature_shape("grid") == (SIDE * SIDE, WIDTH)
    assert encoder.feature_shape("pooled") == (1, WIDTH)
    assert isinstance(encoder.body, bytes)
    grid, pooled = run(encoder.body, pictures())
    expected = expected_map(pictures()).reshape(3, WIDTH, -1).transpose(0, 2, 1)
    np.testing.assert_allclose(grid, expected, atol=1e-3)
    np.testing.assert_allclose(pooled, expected.mean(axis=1, keepdims=True), atol=1e-3)


def test_a_vector_serves_as_pooled_and_is_refused_as_a_grid(tmp_path: Path) -> None:
    config = write_backbone(tmp_path / "b.onnx", end="vector")
    encoder = build_encoder(config)
    assert encoder.feature_shape("pooled") == (1, WIDTH)
    assert isinstance(encoder.body, bytes)
    _, pooled = run(encoder.body, pictures())
    np.testing.assert_allclose(pooled[:, 0], expected_map(pictures()).mean((2, 3)), atol=1e-3)
    with pytest.raises(ConfigError, match='features = "grid" needs a map'):
        build_encoder(replace(config, features="grid"))


def test_a_tensor_inside_the_graph_may_be_named_and_what_follows_is_cut_off(
    tmp_path: Path,
) -> None:
    config = write_backbone(tmp_path / "b.onnx", end="vector")
    encoder = build_encoder(replace(config, output="map", features="grid"))
    assert encoder.feature_shape("grid") == (SIDE * SIDE, WIDTH)
    assert encoder.sha256 != build_encoder(config).sha256
    assert isinstance(encoder.body, bytes)
    assert "Flatten" not in {
        node.op_type for node in onnx.load_from_string(encoder.body).graph.node
    }


def test_of_several_outputs_one_must_be_named(tmp_path: Path) -> None:
    config = write_backbone(tmp_path / "b.onnx", end="vector", outputs=("out", "map"))
    with pytest.raises(ConfigError, match=r"2 outputs \(out, map\); name one in encoder.output"):
        build_encoder(config)
    assert build_encoder(replace(config, output="map")).feature_shape("grid")[0] == SIDE * SIDE
    with pytest.raises(ConfigError, match="Did you mean 'map'"):
        build_encoder(replace(config, output="mapp"))


def test_weights_that_are_listed_as_inputs_are_none(tmp_path: Path) -> None:
    encoder = build_encoder(write_backbone(tmp_path / "b.onnx", opset=9, ir_version=3))
    assert encoder.feature_shape("grid") == (SIDE * SIDE, WIDTH)


def test_weights_in_a_file_beside_it_are_read_and_told_apart(tmp_path: Path) -> None:
    config = write_backbone(tmp_path / "b.onnx")
    whole = build_encoder(config)
    onnx.save(
        onnx.load(tmp_path / "b.onnx"),
        tmp_path / "b.onnx",
        save_as_external_data=True,
        location="b.data",
        size_threshold=100,
    )
    assert build_encoder(config).feature_shape("grid") == whole.feature_shape("grid")
    data = tmp_path / "b.data"
    before = build_encoder(config).sha256
    data.write_bytes(b"\0\0" + data.read_bytes()[2:])
    assert build_encoder(config).sha256 != before
    data.unlink()
    with pytest.raises(DataError, match=r"b\.onnx is not a usable ONNX model"):
        build_encoder(config)


def test_pixels_are_scaled_as_for_imagenet_unless_the_config_says_otherwise(
    tmp_path: Path,
) -> None:
    config = write_backbone(tmp_path / "b.onnx")
    assert build_encoder(config).preprocessing.mean == (123.675, 116.28, 103.53)
    assert build_encoder(config).preprocessing.std == (58.395, 57.12, 57.375)
    own = replace(config, mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0))
    assert build_encoder(own).preprocessing.std == (255.0, 255.0, 255.0)


def test_it_has_no_network_to_fine_tune_and_says_so(tmp_path: Path) -> None:
    encoder = build_encoder(write_backbone(tmp_path / "b.onnx"))
    assert encoder.name == "onnx:b.onnx"
    with pytest.raises(ConfigError, match=r"onnx:b\.onnx cannot be fine-tuned"):
        _ = encoder.network


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        ({"shape": ("n", 3, 48, 48)}, r"takes pictures of \?×3×48×48; set encoder.image_size"),
        ({"shape": ("n", SIZE, SIZE, 3)}, "takes float32 pictures B×3×height×width"),
        ({"shape": ("n", 3)}, "takes float32 pictures B×3×height×width"),
        ({"element": TensorProto.UINT8}, "is UINT8"),
        ({"end": "fixed", "shape": (1, 3, SIZE, SIZE)}, "one picture at a time"),
        ({"end": "channels last"}, r"looks like B×height×width×D; .* transpose it"),
    ],
)
def test_a_graph_that_is_no_encoder_is_refused_with_the_reason(
    tmp_path: Path, backbone: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, DataError), match=message) as caught:
        build_encoder(write_backbone(tmp_path / "b.onnx", **backbone))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"no graph"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.onnx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"b\.onnx is not a usable ONNX model"):
        build_encoder(EncoderConfig(name=f"onnx:{path}"))


def test_a_file_that_is_not_there_is_named_and_no_setting_for_weights(tmp_path: Path) -> None:
    path = tmp_path / "b.onnx"
    with pytest.raises(DataError) as caught:
        build_encoder(EncoderConfig(name=f"onnx:{path}"))
    assert str(caught.value) == f"no ONNX file at {path}"
