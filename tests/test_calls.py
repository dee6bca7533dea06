"""A library call for every verb: the same words as the flags, nothing printed, progress called."""

import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

import showtell
from showtell.bundle import load_bundle
from showtell.cli.main import run
from showtell.errors import ConfigError

REFERENCES = {
    "dog.jpg": ["A dog runs through tall grass .", "The dog is running fast in a field ."],
    "cat.jpg": ["A black cat sleeps on a chair .", "A cat is asleep on a red chair ."],
}
GOOD = {"dog.jpg": "A dog runs through grass.", "cat.jpg": "A cat sleeps on a chair."}
BAD = dict.fromkeys(REFERENCES, "A man in a red shirt.")

# Where the command line has its own word, or the thing is no matter of the work.
OTHER_WORDS = {
    "as_json": None,
    "no_progress": "progress",
    "compare": None,  # `showtell.compare`
    "captions|run|bundle|name": "target",
    "data_dir": "data",
    "also_dirs": "also",
    "config_path": "config",
    "photos_dir": "photos",
    "text_path": "text",
    "pseudo_captions_path": "pseudo_captions",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, captions in (("good.json", GOOD), ("bad.json", BAD)):
        rows = [{"image_id": image, "caption": text} for image, text in captions.items()]
        Path(name).write_text(json.dumps(rows))
    lines = [
        json.dumps({"image_id": image, "captions": texts}) for image, texts in REFERENCES.items()
    ]
    Path("refs.jsonl").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("verb", ["train", "study", "evaluate", "export", "calibrate"])
def test_a_call_has_the_words_of_its_commands_flags(verb: str) -> None:
    command: click.Command = import_module(f"showtell.cli.{verb}").command
    takes = inspect.signature(getattr(showtell, verb)).parameters
    search = {"beam_size", "max_length", "length_penalty", "no_repeat_ngram", "consensus"}
    search |= {"neutral", "unseen", "chooser", "cautious"}
    for option in command.params:
        name = OTHER_WORDS.get(option.name or "", option.name)
        name = "events" if name == "progress" and "events" in takes else name
        assert name is None or name in takes or (name in search and "search" in takes), name


def test_the_calls_are_loaded_when_they_are_first_used() -> None:
    script = """
import sys, showtell
assert all(callable(getattr(showtell, name)) for name in showtell.__all__)
import showtell.exporting  # no part of the package takes the name of a call
assert callable(showtell.export) and callable(showtell.train) and callable(showtell.study)
assert not {"torch", "keras", "matplotlib"} & set(sys.modules), "loaded too early"
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_captions_are_evaluated_as_the_command_does(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--references", "refs.jsonl", "--metric", "cider", "--seed", "3", "--json"]
    assert run(["evaluate", "good.json", *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    found = showtell.evaluate("good.json", references="refs.jsonl", metrics=["cider"], seed=3)
    assert {**found.to_dict(), "bootstrap": {"resamples": 1000, "seed": 3}} == told
    assert found.scores == found.report.scores
    assert found.captions == GOOD
    assert found.notes == ("intervals drawn from 2 images say little",)
    assert capsys.readouterr() == ("", "")


def test_two_systems_are_compared_as_the_command_does(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["--compare", "bad.json", "good.json", "--references", "refs.jsonl"]
    assert run(["evaluate", *both, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = showtell.compare("bad.json", "good.json", references="refs.jsonl")
    assert {**found.to_dict(), "bootstrap": {"resamples": 1000, "seed": 0}} == told


def test_captions_may_come_from_an_open_file_and_be_kept(files: Path) -> None:
    with Path("good.json").open("rb") as file:
        found = showtell.evaluate(
            file, references="refs.jsonl", out="kept.json", per_image="scores.csv"
        )
    assert found.name == "good.json"
    assert {
        row["image_id"]: row["caption"] for row in json.loads(Path("kept.json").read_text())
    } == GOOD
    assert Path("scores.csv").read_text() == found.per_image_csv()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "give either --references FILE or --data DATA"),
        ({"references": "refs.jsonl", "data": "."}, "give either"),
        ({"references": "refs.jsonl", "resamples": 5}, "resamples must be at least 100"),
        ({"references": "refs.jsonl", "metrics": ["cidr"]}, "Did you mean 'cider'"),
        ({"references": "refs.jsonl", "out": "good.json"}, "good.json would be overwritten"),
        ({"references": "refs.jsonl", "beam_size": 3}, "there is nothing to search"),
    ],
)
def test_what_does_not_go_together_is_refused(
    files: Path, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        showtell.evaluate("good.json", **asked)


def test_a_bundle_is_evaluated_with_its_own_search_but_for_what_is_asked(
    tiny_bundle: Path, flickr8k: Path
) -> None:
    stages = []
    found = showtell.evaluate(
        tiny_bundle,
        data=flickr8k,
        metrics=["bleu"],
        baselines=False,
        beam_size=1,
        progress=lambda stage, done, total: stages.append((stage, done, total)),
    )
    assert found.report.decoding == {"beam": "1", "alpha": "0.7", "max": "12"}
    assert ("captioning", 4, 4) in stages


def test_a_run_is_exported_scored_and_read_back(
    tiny_run: Path,
    tiny_bundle: Path,
    flickr8k: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from showtell.exporting.parity import Parity
    from showtell.training import export

    before = load_bundle(tiny_bundle)  # in place of PyTorch's exporter, which takes its time
    made = export.Exported(before.manifest, before.files, Parity(1e-5, 1.0), 1e-4)
    monkeypatch.setattr(export, "export_run", lambda run, **_: made)
    exported = showtell.export(tiny_run, out=tmp_path / "tiny.bundle", precision="float32")
    assert exported.bundle.manifest == before.manifest
    assert exported.parity == made.parity
    assert exported.checkpoint["CIDEr"] > 0
    exported = showtell.export(
        tiny_run, out=tmp_path / "folder", precision="float32", data=flickr8k
    )
    assert exported.bundle.manifest.scores["measured_on"] == "this bundle, ONNX Runtime"
    assert exported.bundle.manifest == load_bundle(tmp_path / "folder").manifest
    assert capsys.readouterr() == ("", "")


def test_an_export_is_refused_before_any_work(tiny_run: Path) -> None:
    with pytest.raises(ConfigError, match="--precision int8 needs --data"):
        showtell.export(tiny_run, precision="int8")
    with pytest.raises(ConfigError, match=r"precision must be one of .* got 'float8'"):
        showtell.export(tiny_run, precision="float8")


def test_a_training_reports_to_its_events_and_prints_nothing(
    tiny_run: Path,
    tiny_config: Path,
    flickr8k: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from showtell.training.epochs import Events
    from showtell.training.series import SeriesEvents

    epochs: list[dict[str, Any]] = []
    places: list[tuple[Path, str]] = []
    events = SeriesEvents(
        training=Events(epoch=epochs.append),
        place=lambda folder, device: places.append((folder, device)),
    )
    trained = showtell.train(
        tiny_config,
        data=flickr8k,
        out=tmp_path / "run",
        seed=7,
        settings=["training.max_epochs=1"],
        device="cpu",
        cache_dir=tiny_run.parent / "cache",
        events=events,
    )
    assert trained.run == tmp_path / "run"
    assert places == [(tmp_path / "run", "cpu")]
    assert [entry["epoch"] for entry in epochs] == [trained.state.best_epoch] == [1]
    assert json.loads((trained.run / "config.json").read_text())["config"]["seed"] == 7
    assert capsys.readouterr() == ("", "")


def test_a_study_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('name = "x"\n[systems.plain]\n')
    with pytest.raises(ConfigError, match="to train, give --data DATA"):
        showtell.study(tmp_path / "study.toml")
    with pytest.raises(ConfigError, match="leave out --only and --seeds"):
        showtell.study(tmp_path / "study.toml", report_only=True, seeds=[1])


def test_a_model_of_the_install_is_not_calibrated_in_place() -> None:
    with pytest.raises(ConfigError, match="comes with the install; give --out"):
        showtell.calibrate("merge", data="anywhere")
