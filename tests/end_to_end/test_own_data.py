"""A folder of one's own pictures with a .txt beside each: trained on and scored, as it lies."""

import json
from pathlib import Path

import pytest
from drawing import draw_folder
from tiny import write_backbone

from showtell.cli.main import run


def test_a_folder_of_pictures_and_texts_is_trained_on_and_scored(
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOWTELL_CACHE", str(tmp_path / "cache"))
    data = str(draw_folder(tmp_path / "photos"))
    encoder = f"encoder.name=onnx:{write_backbone(tmp_path / 'backbone.onnx')}"
    short = ["--set", encoder, "--set", "training.max_epochs=2"]
    assert run(["train", str(tiny_config), "--data", data, *short]) == 0
    said = capsys.readouterr().err
    assert "the data give no splits: drawn, 80 % train, 10 % val, 10 % test" in said
    assert "20 train images with 60 captions, 2 val images" in said
    scored = ["evaluate", "runs/tiny", "--data", data, "--no-baselines", "--json"]
    assert run([*scored, "--split", "val"]) == 0
    val = json.loads(capsys.readouterr().out)
    assert run(["data", data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["splits"]["val"]["images"] == 2
    # The same captions as in training: the split is the same one.
    ours = {row["image_id"] for row in json.loads(Path("runs/tiny/val_captions.json").read_text())}
    assert run([*scored, "--split", "val", "--out", "val.json"]) == 0
    assert {row["image_id"] for row in json.loads(Path("val.json").read_text())} == ours
    assert "images:2" in val["signatures"]["CIDEr"]
