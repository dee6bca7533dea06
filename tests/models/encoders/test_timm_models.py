"""timm's models, through a stand-in with the part of its interface that we use.

The real one needs a torchvision that fits this PyTorch, which not every machine has.
"""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from showtell.config import EncoderConfig
from showtell.errors import ConfigError, DataError, MissingExtraError
from showtell.models.encoders import build_encoder

WIDTH = 6
CONFIG = EncoderConfig(name="timm:tinynet", image_size=32, weights="random")


class StandIn(nn.Module):
    """Patches of 16 px as a map, as tokens after a class token, or as a map with channels last."""

    def __init__(self, kind: str, img_size: int | None) -> None:
        super().__init__()
        self.kind, self.img_size = kind, img_size
        self.stem = nn.Conv2d(3, WIDTH, 16, stride=16)
        self.num_features = WIDTH
        self.num_prefix_tokens = 1 if kind == "tokens" else 0
        self.pretrained_cfg = {
            "mean": (0.5, 0.25, 0.0),
            "std": (0.5, 0.25, 1.0),
            "classifier": ("head", "head_dist") if kind == "tokens" else "fc",
        }

    def forward_features(self, pixels: Tensor) -> Tensor:
        features = self.stem(pixels)
        if self.kind == "map":
            return features
        if self.kind == "channels last":
            return features.permute(0, 2, 3, 1)
        tokens = features.flatten(2).transpose(1, 2)
        return torch.cat([torch.full_like(tokens[:, :1], 1e6), tokens], dim=1)


KINDS = {"tinynet": "map", "tinyvit": "tokens", "tinyswin": "channels last"}
UNTAGGED = "tinynet.unheard_of"  # timm knows the model, and no weights of that tag


@pytest.fixture(autouse=True)
def timm(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("timm")

    def create_model(
        name: str, *, pretrained: bool, num_classes: int, img_size: int | None = None
    ) -> nn.Module:
        assert num_classes == 0
        if pretrained:
            raise OSError("no network\nat all")
        return StandIn(KINDS[name], img_size)

    module.__dict__.update(
        is_model=lambda name: name.partition(".")[0] in KINDS,
        list_models=lambda: list(KINDS),
        get_pretrained_cfg=lambda name: SimpleNamespace(fixed_input_size=KINDS[name] == "tokens"),
        create_model=create_model,
    )
    monkeypatch.setitem(sys.modules, "timm", module)
    return module


@pytest.mark.parametrize("name", KINDS)
def test_maps_tokens_and_channels_last_give_the_same_grid(name: str) -> None:
    encoder = build_encoder(replace(CONFIG, name=f"timm:{name}"))
    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        grid, pooled = encoder.network(pixels)
        expected = encoder.network.get_submodule("model.stem")(pixels)
    assert encoder.feature_shape("grid") == (4, WIDTH)
    torch.testing.assert_close(grid, expected.flatten(2).transpose(1, 2))
    torch.testing.assert_close(pooled, grid.mean(dim=1, keepdim=True))


def test_pixels_are_scaled_as_timm_says_in_our_0_to_255() -> None:
    preprocessing = build_encoder(CONFIG).preprocessing
    assert preprocessing.mean == (127.5, 63.75, 0.0)
    assert preprocessing.std == (127.5, 63.75, 255.0)


def test_a_transformer_is_built_for_the_size_of_the_pictures() -> None:
    vit = build_encoder(replace(CONFIG, name="timm:tinyvit", image_size=48))
    assert vit.network.get_submodule("model").img_size == 48
    assert vit.feature_shape("grid") == (9, WIDTH)


@pytest.mark.parametrize(
    ("name", "heads"), [("tinynet", ["fc"]), ("tinyvit", ["head", "head_dist"])]
)
def test_weights_come_from_a_file_and_its_classifier_is_left_out(
    tmp_path: Path, name: str, heads: list[str]
) -> None:
    weights = {"stem.weight": torch.ones(WIDTH, 3, 16, 16), "stem.bias": torch.zeros(WIDTH)}
    classifier = {f"{head}.weight": torch.zeros(10, WIDTH) for head in heads}
    save_file({**weights, **classifier}, tmp_path / "w.safetensors")
    config = replace(CONFIG, name=f"timm:{name}", weights=str(tmp_path / "w.safetensors"))
    assert (build_encoder(config).network.get_parameter("model.stem.weight") == 1).all()
    save_file({**weights, "other.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(DataError, match=f"do not fit timm:{name}.*other.weight"):
        build_encoder(config)


def test_weights_that_cannot_be_downloaded_are_one_line_with_a_way_out() -> None:
    with pytest.raises(DataError, match=r"timm:tinynet cannot be had \(no network\)") as caught:
        build_encoder(replace(CONFIG, weights=""))
    assert "encoder.weights" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_misspelt_model_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'timm:tinynet'"):
        build_encoder(replace(CONFIG, name="timm:tinynett"))
    with pytest.raises(ConfigError, match="list_models"):
        build_encoder(replace(CONFIG, name="timm:xyz"))


def test_weights_that_timm_has_never_heard_of_are_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match=r"timm has no timm:tinynet\.unheard_of"):
        build_encoder(replace(CONFIG, name=f"timm:{UNTAGGED}"))


def test_a_network_that_does_not_run_on_pictures_so_small_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(StandIn, "forward_features", lambda self, x: self.stem(x[..., :8, :8]))
    with pytest.raises(ConfigError, match=r"timm:tinynet does not run on 32 px: .*[Kk]ernel"):
        build_encoder(CONFIG)


def test_a_token_that_is_no_place_in_the_picture_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = StandIn.__init__

    def forgetful(self: StandIn, kind: str, img_size: int | None) -> None:
        whole(self, kind, img_size)
        self.num_prefix_tokens = 0

    monkeypatch.setattr(StandIn, "__init__", forgetful)
    with pytest.raises(ConfigError, match="timm:tinyvit gives 5 locations for a square picture"):
        build_encoder(replace(CONFIG, name="timm:tinyvit"))


def test_timm_that_cannot_be_imported_is_named_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "timm")
    (tmp_path / "timm.py").write_text("raise RuntimeError('operator torchvision::nms is not here')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"torchvision::nms.*'showtell\[timm\]'"):
        build_encoder(CONFIG)
