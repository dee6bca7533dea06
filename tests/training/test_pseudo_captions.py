"""Decoders that learn from what a model says of photos without captions, on the drawn pictures."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from drawing import draw_shape

from showtell.cli.main import run
from showtell.config import Config, load_config
from showtell.data.pseudo_captions import PseudoCaptions, read_pseudo_captions
from showtell.errors import CheckpointError, ConfigError, DataError
from showtell.files import sha256_hex
from showtell.training.data import load_training_data
from showtell.training.epochs import Events
from showtell.training.run import RunFolder
from showtell.training.series import SeriesEvents
from showtell.training.stages.config import Recipe, Stage
from showtell.training.stages.run import run_recipe

SURE, UNSURE = "a green circle on a sheet", "a red square on a sheet"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        draw_shape("green", "circle", seed=200 + number).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def said(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records: three sure captions, one unsure, one photo that failed, one that nobody gave."""
    path = tmp_path_factory.mktemp("said") / "captions.jsonl"
    files = sorted(photos.iterdir())
    captions = [(SURE, 0.9)] * 3 + [(UNSURE, 0.1)]
    records = [
        {"path": "x", "status": "ok", "caption": c, "confidence": p, "sha256": hash_of(file)}
        for file, (c, p) in zip(files, captions, strict=False)
    ]
    records.append({"path": "x", "status": "error", "error": {"code": "x"}, "caption": None})
    records.append({"status": "ok", "caption": SURE, "confidence": None, "sha256": "elsewhere"})
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def config(tiny_config: Path) -> Config:
    return load_config(tiny_config, ("training.max_epochs=1", "pseudo_captions.min_confidence=0.5"))


Train = Callable[..., Path]


@pytest.fixture
def train(flickr8k: Path, cache_dir: Path, tmp_path: Path) -> Train:
    def run_it(config: Config, **more: object) -> Path:
        recipe = Recipe(name=config.name, stages=(Stage(name="", config=config),))
        run_recipe(recipe, flickr8k, tmp_path / "out", cache_dir=cache_dir, **more)  # type: ignore[arg-type]
        return tmp_path / "out"

    return run_it


def hash_of(file: Path) -> str:
    return sha256_hex(file.read_bytes())


def test_captions_belong_to_photos_by_content_and_must_be_sure_enough(
    config: Config, flickr8k: Path, photos: Path, said: Path, cache_dir: Path
) -> None:
    data = load_training_data(
        config,
        flickr8k,
        photos_dir=photos,
        pseudo_captions=read_pseudo_captions(said),
        cache_dir=cache_dir,
    )
    assert data.pseudo is not None
    expected = {hash_of(file) for file in sorted(photos.iterdir())[:3]}
    assert {record.image_id for record in data.pseudo.records} == expected
    assert {record.captions for record in data.pseudo.records} == {(SURE,)}
    (batch,) = data.pseudo.batches(8, seed=1, epoch=1)
    assert batch.images is None  # no person's captions to weigh it by, or to compare with
    assert batch.photos.shape == (3, 1, 1280)
    assert len({tuple(row) for row in batch.photos[:, 0].tolist()}) == 3


def test_an_epoch_has_the_batches_of_both(
    train: Train, config: Config, photos: Path, said: Path
) -> None:
    def batches_of_an_epoch(**more: object) -> int:
        told: list[tuple[int, int]] = []
        events = SeriesEvents(training=Events(batch=lambda *done: told.append(done)))
        train(config, events=events, force=True, **more)
        return told[-1][1]

    alone = batches_of_an_epoch()
    both = batches_of_an_epoch(photos_dir=photos, pseudo_captions=read_pseudo_captions(said))
    assert both == alone + 1


def test_the_record_of_the_run_names_the_file_and_another_one_is_another_run(
    train: Train, config: Config, photos: Path, said: Path
) -> None:
    found = read_pseudo_captions(said)
    out = train(config, photos_dir=photos, pseudo_captions=found)
    described = json.loads(RunFolder(out).config.read_text())
    assert described["data"]["pseudo_captions"] == found.describe()
    assert found.describe()["name"] == "captions.jsonl"
    other = PseudoCaptions(found.name, "0", found.captions, found.confidences)
    with pytest.raises(CheckpointError, match="its pseudo-captions"):
        train(config, photos_dir=photos, pseudo_captions=other)


def test_the_command_line_reads_what_showtell_wrote(
    flickr8k: Path, tiny_config: Path, photos: Path, cache_dir: Path, tmp_path: Path, capsys
) -> None:
    assert run([str(photos), "--model", "merge", "--json", "--out", str(tmp_path / "o.jsonl")]) == 0
    given = ["--photos", str(photos), "--pseudo-captions", str(tmp_path / "o.jsonl")]
    where = ["--cache-dir", str(cache_dir), "--out", str(tmp_path / "run")]
    options = ["--set", "training.max_epochs=1"]
    assert run(["train", str(tiny_config), "--data", str(flickr8k), *given, *where, *options]) == 0
    described = json.loads(RunFolder(tmp_path / "run").config.read_text())
    assert described["data"]["pseudo_captions"]["captions"] == 6
    assert described["photos"]["images"] == 6


def test_captions_without_their_photos_are_refused(
    train: Train, config: Config, said: Path
) -> None:
    with pytest.raises(ConfigError, match="belong to photos"):
        train(config, pseudo_captions=read_pseudo_captions(said))


def test_an_encoder_that_learns_is_refused(
    train: Train, tiny_config: Path, photos: Path, said: Path
) -> None:
    config = load_config(tiny_config, ("finetuning.from_epoch=1",))
    with pytest.raises(ConfigError, match="cached features alone"):
        train(config, photos_dir=photos, pseudo_captions=read_pseudo_captions(said))


def test_captions_that_are_all_too_unsure_are_refused(
    train: Train, tiny_config: Path, photos: Path, said: Path
) -> None:
    config = load_config(tiny_config, ("pseudo_captions.min_confidence=0.95",))
    with pytest.raises(DataError, match=r"none .* confidence of 0\.95 or more"):
        train(config, photos_dir=photos, pseudo_captions=read_pseudo_captions(said))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json\n",
        "[]\n",
        '{"status": "ok"}\n',
        '{"status": "ok", "caption": "a", "confidence": [], "sha256": "b"}\n',
        '{"status": "error"}\n',
    ],
)
def test_a_file_without_captions_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"captions\.jsonl"):
        read_pseudo_captions(path)
