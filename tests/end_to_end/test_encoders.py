"""The whole path with encoders of other families: features, training, bundle, a sentence."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import BACKBONE_SIZE as SIZE
from tiny import write_backbone

from showtell.cli.main import run
from showtell.config import EncoderConfig
from showtell.models.encoders import build_encoder


@pytest.fixture
def train(
    flickr8k: Path,
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., int]:
    """Train for one epoch into runs/tiny, with these settings, above all of the encoder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOWTELL_CACHE", str(tmp_path / "cache"))

    def command(*others: str, **encoder: str) -> int:
        settings = [f"encoder.{key}={value}" for key, value in encoder.items()]
        settings += ["training.max_epochs=1", *others]
        chosen = [part for setting in settings for part in ("--set", setting)]
        return run(["train", str(tiny_config), "--data", str(flickr8k), *chosen])

    return command


def caption_without_training_packages(bundle: str, photo: Path) -> str:
    code = (
        "import sys\n"
        "from showtell.cli.main import run\n"
        f"code = run([{str(photo)!r}, '--model', {bundle!r}, '--json'])\n"
        "sys.exit(code or bool({'torch', 'keras', 'onnx', 'timm'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["caption"]


@pytest.mark.parametrize("features", ["pooled", "grid"])
def test_an_onnx_backbone_captions(
    train: Callable[..., int], flickr8k: Path, features: str
) -> None:
    backbone = write_backbone(Path("backbone.onnx"))
    assert (
        run(["features", str(flickr8k), "--encoder", "onnx:backbone.onnx", "--image-size", "64"])
        == 0
    )
    assert train(name="onnx:backbone.onnx", features=features) == 0
    assert run(["evaluate", "runs/tiny", "--data", str(flickr8k)]) == 0
    assert run(["export", "runs/tiny"]) == 0
    backbone.unlink()  # the bundle needs nothing else
    photo = sorted(flickr8k.rglob("*.jpg"))[0]
    assert caption_without_training_packages("tiny.bundle", photo).endswith(".")


def test_an_encoder_of_keras_captions(train: Callable[..., int], flickr8k: Path) -> None:
    chosen = ["--encoder", "keras:VGG16", "--image-size", str(SIZE), "--weights", "random"]
    assert run(["features", str(flickr8k), *chosen]) == 0
    (cache,) = Path("cache/features").iterdir()
    assert train(name="keras:VGG16", weights="random") == 0
    assert list(Path("cache/features").iterdir()) == [cache], "features were computed twice"
    assert run(["export", "runs/tiny"]) == 0
    photo = sorted(flickr8k.rglob("*.jpg"))[0]
    assert caption_without_training_packages("tiny.bundle", photo).endswith(".")


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_a_run_whose_encoder_now_gives_features_of_another_width_is_refused(
    train: Callable[..., int],
    flickr8k: Path,
    command: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_backbone(Path("backbone.onnx"))
    assert train(name="onnx:backbone.onnx") == 0
    write_backbone(Path("backbone.onnx"), width=32)
    capsys.readouterr()
    assert run([command, "runs/tiny", "--data", str(flickr8k)]) == 6
    (line,) = capsys.readouterr().err.splitlines()
    assert "gives 32 numbers a location, but the decoder was trained on 24" in line


def test_a_graph_that_is_to_learn_is_refused(
    train: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write_backbone(Path("backbone.onnx"))
    assert train("finetuning.from_epoch=1", name="onnx:backbone.onnx") == 2
    assert "onnx:backbone.onnx cannot be fine-tuned" in capsys.readouterr().err


def test_an_encoder_of_keras_learns_and_is_exported_as_it_has_learned(
    train: Callable[..., int], flickr8k: Path
) -> None:
    settings = ("finetuning.from_epoch=1", "finetuning.learning_rate=1e-3")
    assert train(*settings, name="keras:VGG16", weights="random", image_size="32") == 0
    config = EncoderConfig(name="keras:VGG16", weights="random", image_size=32)
    assert run(["export", "runs/tiny", "--out", "tiny"]) == 0
    manifest = json.loads(Path("tiny/bundle.json").read_text())
    assert manifest["encoder"]["weights_sha256"] != build_encoder(config).sha256


def test_a_backbone_that_is_gone_is_named(
    train: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(name="onnx:gone.onnx") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "gone.onnx" in line
