"""`data`, `features`, `train`, `evaluate`, `export`, `models`, `doctor`: what they say."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from tiny import write_backbone

from showtell.bundle import ENCODER, load_bundle
from showtell.cli.main import run
from showtell.extras import MODULES
from showtell.training.run import RunFolder, only_trainer_of


@pytest.fixture
def cache(tmp_path: Path) -> list[str]:
    return ["--cache-dir", str(tmp_path / "cache")]


def test_data_counts_what_is_there_and_names_what_is_not(
    flickr8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(flickr8k, tmp_path / "data")
    gone = next(iter(sorted((tmp_path / "data").rglob("*.jpg"))))
    gone.unlink()
    assert run(["data", str(tmp_path / "data"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    missing = [name for split in found["splits"].values() for name in split["missing_images"]]
    assert missing == [gone.name]
    assert run(["data", str(tmp_path / "data")]) == 0
    out = capsys.readouterr().out
    assert f"missing images: {gone.name}" in out
    assert "vocabulary" in out


def test_an_incomplete_split_is_refused_before_any_work(
    flickr8k: Path, tiny_config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(flickr8k, tmp_path / "data")
    gone = sorted((tmp_path / "data").rglob("*.jpg"))
    for path in gone:
        path.unlink()
    code = run(["train", str(tiny_config), "--data", str(tmp_path / "data"), "--out", "x"])
    assert code == 2
    assert "split 'train'" in capsys.readouterr().err
    assert not Path("x").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[training]\nlearnin_rate = 0.1\n", "Did you mean 'learning_rate'?"),
        ("[decoder]\nimage_dropout = 1.5\n", "image_dropout must be in [0, 1), got 1.5"),
        ("name = \n", "is not valid TOML"),
    ],
)
def test_a_wrong_config_is_one_line_that_names_the_file(
    flickr8k: Path, tmp_path: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text(content)
    assert run(["train", str(config), "--data", str(flickr8k)]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "wrong.toml" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("Flickr8k.token.txt", b"", "Flickr8k.token.txt"),
        ("Flickr8k.token.txt", b"a.jpg#0\tone\nb.jpg#0 no tab\n", "line 2"),
        ("Flickr_8k.trainImages.txt", b"", "Flickr_8k.trainImages.txt"),
    ],
)
def test_a_malformed_dataset_file_is_named_with_its_line(
    flickr8k: Path,
    tiny_config: Path,
    tmp_path: Path,
    file: str,
    content: bytes,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(flickr8k, tmp_path / "data")
    next((tmp_path / "data").rglob(file)).write_bytes(content)
    assert run(["train", str(tiny_config), "--data", str(tmp_path / "data")]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_training_without_pytorch_says_what_to_install(
    flickr8k: Path,
    tiny_config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import showtell.extras

    monkeypatch.setattr(showtell.extras, "find_spec", lambda name: None if name == "torch" else 1)
    assert run(["train", str(tiny_config), "--data", str(flickr8k)]) == 3
    assert "pip install 'showtell[train]'" in capsys.readouterr().err


def test_features_are_computed_ahead_of_time(
    flickr8k: Path, tmp_path: Path, cache: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    backbone = write_backbone(tmp_path / "backbone.onnx")
    small = ["--encoder", f"onnx:{backbone}", "--image-size", "64"]
    assert run(["features", str(flickr8k), *small, *cache]) == 0
    assert "1 × 24 numbers each" in capsys.readouterr().err
    assert next((tmp_path / "cache").rglob("features.f16")).stat().st_size > 0


def test_features_are_those_of_a_config_but_for_what_is_said_otherwise(
    flickr8k: Path,
    tiny_config: Path,
    tmp_path: Path,
    cache: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    backbone = write_backbone(tmp_path / "backbone.onnx")
    sets = (f"encoder.name=onnx:{backbone}", "encoder.mean=[0, 0, 0]")
    ours = ["--config", str(tiny_config), *(word for s in sets for word in ("--set", s))]
    assert run(["features", str(flickr8k), *ours, "--kind", "grid", *cache]) == 0
    assert "16 × 24 numbers each" in capsys.readouterr().err
    (meta,) = (tmp_path / "cache").rglob("meta.json")
    assert json.loads(meta.read_text())["made_by"]["preprocessing"]["mean"] == [0, 0, 0]


def test_settings_are_checked_when_all_of_them_are_known(
    flickr8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx = ["--encoder", "onnx:gone.onnx", "--set", "encoder.output=grid"]
    assert run(["features", str(flickr8k), *onnx]) == 2
    err = capsys.readouterr().err  # the file is what is wrong, not the setting
    assert "gone.onnx" in err
    assert "output is a setting of onnx:" not in err
    (tmp_path / "own.toml").write_text('[encoder]\nname = "onnx:gone.onnx"\noutput = "grid"\n')
    own = ["--config", str(tmp_path / "own.toml"), "--encoder", "efficientnet-lite0"]
    assert run(["features", str(flickr8k), *own]) == 2
    assert "output is a setting of onnx:, not of efficientnet-lite0" in capsys.readouterr().err


def test_a_run_and_its_bundle_score_the_same(
    flickr8k: Path,
    tiny_run: Path,
    tiny_bundle: Path,
    feature_cache: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reports = []
    cache = ["--cache-dir", str(feature_cache)]
    for model in (tiny_run, tiny_bundle):
        out = tmp_path / f"{model.name}.json"
        arguments = [str(model), "--data", str(flickr8k), "--split", "val", "--json"]
        assert run(["evaluate", *arguments, "--out", str(out), *cache]) == 0
        reports.append(json.loads(capsys.readouterr().out))
        rows = json.loads(out.read_text())
        assert [sorted(row) for row in rows] == [["caption", "image_id"]] * 4
    assert [report.pop("system") for report in reports] == [str(tiny_run), str(tiny_bundle)]
    assert reports[0] == reports[1]
    assert "|split:val|df:references|beam:2|" in reports[0]["signatures"]["CIDEr"]


def test_an_unknown_split_is_refused_with_those_there_are(
    flickr8k: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", str(tiny_bundle), "--data", str(flickr8k), "--split", "dev"]) == 2
    assert "no split 'dev'; it has train, val, test" in capsys.readouterr().err


def test_export_in_eight_bits_calibrates_on_photos_and_writes_a_folder_that_is_scored(
    flickr8k: Path,
    tiny_run: Path,
    tiny_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "model"
    arguments = ["--out", str(out), "--data", str(flickr8k), "--precision", "int8"]
    assert run(["export", str(tiny_run), *arguments]) == 0
    said = capsys.readouterr().err
    assert "weights in int8" in said
    assert "features within" in said
    assert "measured on this bundle" in said
    manifest = json.loads((out / "bundle.json").read_text())
    assert manifest["scores"]["measured_on"] == "this bundle, ONNX Runtime"
    assert manifest["precision"] == "int8"
    float32 = len(load_bundle(tiny_bundle).files[ENCODER])
    assert (out / ENCODER).stat().st_size < 0.34 * float32
    photo = next(flickr8k.rglob("*.jpg"))
    assert run([str(photo), "--model", str(out)]) == 0
    assert capsys.readouterr().out.endswith(".\n")


def test_export_in_eight_bits_needs_photos(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.bundle"
    assert run(["export", str(tiny_run), "--out", str(out), "--precision", "int8"]) == 2
    assert "--precision int8 needs --data" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_a_folder_that_is_no_run_is_refused(
    flickr8k: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(flickr8k)]
    assert run([command, str(tmp_path / "nothing"), *data]) == 6
    assert "nothing" in capsys.readouterr().err


def test_models_lists_what_is_installed_with_scores_and_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["models"]) == 0
    out = capsys.readouterr().out
    assert "base (default)" in out
    assert "ms/photo" in out
    assert "split:val" in out
    assert "made by: showtell train configs/flagship-more.toml" in out
    assert "made by: showtell train configs/merge.toml" in out
    assert run(["models", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)
    assert [model["name"] for model in models] == ["base", "merge"]
    assert all(model["num_bytes"] <= 20e6 and model["ms_per_photo"] > 0 for model in models)


def test_doctor_checks_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert sys.version.split()[0] in out
    assert "base (default): checksums right" in out
    assert "merge: checksums right" in out


def test_doctor_names_every_package_that_an_extra_brings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["doctor"]) == 0
    named = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert named.issuperset(name for names in MODULES.values() for name in names)


def test_force_begins_anew_and_leaves_files_that_are_not_the_runs(
    flickr8k: Path, tiny_config: Path, tiny_run: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(tiny_run, tmp_path / "run")
    (out / "notes.txt").write_text("mine")
    cache = ["--cache-dir", str(tiny_run.parent / "cache")]
    command = ["train", str(tiny_config), "--data", str(flickr8k), "--out", str(out), *cache]
    short = ["--set", "training.max_epochs=1"]
    assert run([*command, *short]) == 6  # other settings
    assert run([*command, *short, "--force"]) == 0
    assert len((out / "log.jsonl").read_text().splitlines()) == 1
    assert (out / "notes.txt").read_text() == "mine"
    made_by = json.loads((out / "config.json").read_text())["made_by"]
    assert made_by["command"].startswith("showtell train ")
    assert made_by["command"].endswith("--force")


def test_training_that_diverges_stops_and_says_what_to_change(
    flickr8k: Path,
    tiny_config: Path,
    tiny_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wild = ["--set", "training.learning_rate=1e30", "--set", "training.clip_norm=1e30"]
    cache = ["--cache-dir", str(tiny_run.parent / "cache")]
    out = ["--out", str(tmp_path / "run")]
    assert run(["train", str(tiny_config), "--data", str(flickr8k), *wild, *cache, *out]) == 2
    assert "lower training.learning_rate" in capsys.readouterr().err


def test_a_picture_that_cannot_be_scored_is_named(
    flickr8k: Path, tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(flickr8k, tmp_path / "data")
    broken = sorted((tmp_path / "data").rglob("*.jpg"))[12]  # the first of val
    broken.write_bytes(broken.read_bytes()[:400])
    assert run(["evaluate", str(tiny_bundle), "--data", str(tmp_path / "data")]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert str(broken) in line
    assert "image bytes" not in line


def test_an_image_in_train_and_in_val_is_refused(
    tiny_flickr8k: Path, tiny_config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, val = (
        tiny_flickr8k / "Flickr8k_text" / f"Flickr_8k.{name}Images.txt" for name in ("train", "dev")
    )
    leaked = train.read_text().split()[0]
    val.write_text(val.read_text() + f"{leaked}\n")
    assert run(["train", str(tiny_config), "--data", str(tiny_flickr8k)]) == 2
    assert f"1 images are in train and in val ({leaked})" in capsys.readouterr().err


def test_two_trainings_in_one_folder_are_refused(
    flickr8k: Path,
    tiny_config: Path,
    tiny_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = shutil.copytree(tiny_run, tmp_path / "run")
    before = (out / "last.safetensors").read_bytes()
    cache = ["--cache-dir", str(tiny_run.parent / "cache")]
    command = ["train", str(tiny_config), "--data", str(flickr8k), "--out", str(out), *cache]
    with only_trainer_of(RunFolder(out)):
        assert run([*command, "--force"]) == 6
    assert f"another process is training in {out}" in capsys.readouterr().err
    assert (out / "last.safetensors").read_bytes() == before
    assert run(command) == 0
