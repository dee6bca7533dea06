"""Decoders that learn from sentences without photos, on numbers and on the drawn pictures."""

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawing import SHAPES, draw_shape
from tiny import naming_encoder

from showtell.cli.main import run
from showtell.concepts import Concepts
from showtell.config import BeamConfig, Config, DecoderConfig, TextConfig, TrainingConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import CachedFeatures
from showtell.data.batches.text import TextDataset
from showtell.data.records import ImageFile, Record
from showtell.data.text import Text, read_text
from showtell.decoding import search
from showtell.errors import CheckpointError, ConfigError, DataError
from showtell.exporting.onnx import export_encoder
from showtell.models.encoders import Encoder
from showtell.models.recogniser import Recogniser
from showtell.models.stepper import TorchStepper
from showtell.text import tokenize
from showtell.training import features
from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.training.data import load_training_data
from showtell.training.epochs import Events
from showtell.training.live import live_data
from showtell.training.loop import Trainer
from showtell.training.run import RunFolder, load_run
from showtell.training.series import SeriesEvents
from showtell.training.stages.config import Recipe, load_recipe
from showtell.training.stages.run import run_recipe
from showtell.training.validate import evaluating
from showtell.vocabulary import Vocabulary

# The trainer, on photos that are nothing but one-hot features and concepts

SUBJECTS = ("dog", "cat", "man", "girl", "horse", "bird", "boat", "bus")
NAMES = (*SUBJECTS, "zebra")  # of the last there is a photo, without a caption
CAPTIONS = [(f"a {s} stands on grass", f"one {s} on grass") for s in SUBJECTS]
SENTENCES = [tokenize(f"a {s} {verb} on grass") for s in NAMES for verb in ("eats", "sleeps")]
CONFIG = Config(
    name="tiny",
    decoder=DecoderConfig(
        architecture="topdown",
        embedding_dim=12,
        hidden_dim=12,
        attention_dim=12,
        image_dropout=0.1,
        embedding_dropout=0.1,
        concept_places=(1, 1),
        concept_dropout=0.1,
    ),
    training=TrainingConfig(
        min_count=1, batch_size=6, learning_rate=0.02, schedule="constant", max_epochs=3, patience=9
    ),
    text=TextConfig(sentences=18, shown=0.5),
    decoding=BeamConfig(beam_size=2, max_length=8, unseen=True),
)


@dataclass(frozen=True)
class Data:
    train: CaptionDataset
    val: CaptionDataset
    text: TextDataset
    vocabulary: Vocabulary


@pytest.fixture(scope="module")
def data() -> Data:
    said = [tokenize(c) for captions in CAPTIONS for c in captions]
    vocabulary = Vocabulary.build(said, min_count=1, text=SENTENCES)
    photos = CachedFeatures(np.eye(9, dtype=np.float16)[:, None, :] * 3, np.arange(9))
    shown = np.eye(9, 10, dtype=np.float16) * 0.9  # no photo shows the tenth concept
    concepts = CachedFeatures(shown, np.arange(9))
    train, val = (
        CaptionDataset(
            [Record(f"{i}.jpg", ImageFile(Path()), c, split) for i, c in enumerate(CAPTIONS)],
            vocabulary,
            photos,
            concepts,
        )
        for split in ("train", "val")
    )
    text = TextDataset(
        sentences=SENTENCES,
        vocabulary=vocabulary,
        drawn=np.arange(9, dtype=np.int32).repeat(2)[:, None],
        photos=photos,
        concepts=concepts,
        feature_dim=9,
        settings=CONFIG.text,
    )
    return Data(train, val, text, vocabulary)


Make = Callable[..., Trainer]


@pytest.fixture
def make(data: Data) -> Make:
    """Build a trainer whose encoder names the nine things, and grass."""
    concepts = Concepts((NAMES, ("grass",)))
    encoder = replace(naming_encoder(), recogniser=Recogniser(concepts, feature_dim=1280))

    def build(folder: Path, config: Config = CONFIG, *, text: bool = True) -> Trainer:
        with live_data(encoder, config, has_learned=True) as live:
            return Trainer(
                config,
                train=data.train,
                val=data.val,
                vocabulary=data.vocabulary,
                feature_dim=9,
                folder=RunFolder(folder),
                live=live,
                text=data.text if text else None,
            )

    return build


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    return weights_of(load_checkpoint(RunFolder(folder).last)[0])


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def stop_after(batches: int) -> Events:
    seen = iter(range(1, batches + 1))
    return Events(should_stop=lambda: next(seen) == batches)


def test_a_decoder_says_of_a_concept_what_only_the_text_says(
    data: Data, make: Make, tmp_path: Path
) -> None:
    config = replace(CONFIG, training=replace(CONFIG.training, max_epochs=40, patience=40))
    trainer = make(tmp_path, config)
    trainer.fit(Events())
    zebra = data.text.concepts([8], 0)
    with evaluating(trainer.model):
        stepper = TorchStepper(trainer.model.decoder, torch.zeros(1, 1, 9), zebra)
        ((best, *_),) = search(stepper, BeamConfig(beam_size=2, max_length=8))
    words = data.vocabulary.decode(best.token_ids)
    assert words in [tokenize(f"a zebra {verb} on grass") for verb in ("eats", "sleeps")]
    photos = json.loads(RunFolder(tmp_path).val_captions.read_text())
    assert all(s in row["caption"].lower() for s, row in zip(SUBJECTS, photos, strict=True))


def test_an_epoch_has_the_batches_of_captions_and_of_the_text(make: Make, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    config = replace(CONFIG, training=replace(CONFIG.training, max_epochs=1))
    make(tmp_path / "with", config).fit(Events(batch=lambda *done: told.append(done)))
    assert told == [(i, 6) for i in range(1, 7)]  # three of 16 captions, three of 18 sentences
    assert make(tmp_path / "without", config, text=False).num_batches == 3


@pytest.mark.parametrize("batches", [1, 2, 4, 5, 6, 9])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    make: Make, tmp_path: Path, batches: int
) -> None:
    config = replace(CONFIG, training=replace(CONFIG.training, max_epochs=2))
    whole = make(tmp_path / "whole", config).fit(Events())
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "stopped", config).fit(stop_after(batches))
    resumed = make(tmp_path / "stopped", config).fit(Events())
    assert same(last_weights(tmp_path / "whole"), last_weights(tmp_path / "stopped"))
    for found, expected in zip(resumed.history, whole.history, strict=True):
        assert {**found, "train_s": 0} == {**expected, "train_s": 0}


# Recipes, on the drawn pictures

RECIPE = """
name = "tiny"
[base.encoder]
name = "efficientnet-lite0"
image_size = 64
features = "grid"
[base.decoder]
architecture = "topdown"
embedding_dim = 24
hidden_dim = 24
attention_dim = 24
concept_places = [2, 4]
[base.training]
min_count = 1
batch_size = 10
learning_rate = 0.02
max_epochs = 2
views = 2
concept_noise = 0.5
[base.recognition]
unlabelled_batch_size = 3
[base.decoding]
beam_size = 2
max_length = 12
unseen = true
[stages.recognise]
recognition = { min_count = 5, views = 2, unlabelled_views = 1, class_weight = 1 }
training = { batch_size = 6, max_epochs = 2 }
finetuning.learning_rate = 3e-4
[stages.write]
text = { min_count = 2, sentences = 40, shown = 0.5, draws = 3 }
"""
COLOURS = ("red", "green", "blue", "black", "yellow")
TEXT = "".join(
    f"{sentence}\n"
    for colour in COLOURS
    for shape in SHAPES
    for sentence in (
        f"A {colour} {shape} lies on a table.",
        f"Somebody draws {colour} {shape}s on paper.",
        f"There is a {colour} {shape} in the kitchen.",
    )
)
MORE = "A hapax lies on a table.\nToo short.\n" + f"A {'very ' * 20}long sentence.\n"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 sentences that can be said, and three that cannot: a rare word, too short, too long."""
    path = tmp_path_factory.mktemp("text") / "sentences.txt.gz"
    path.write_bytes(gzip.compress((TEXT + MORE).encode()))
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(5):
        draw_shape("green", "circle", seed=100 + number).save(folder / f"{number}.png")
    return folder


def recipe(tmp_path: Path, overrides: Sequence[str] = (), text: str = RECIPE) -> Recipe:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path, overrides)


Train = Callable[..., Path]


@pytest.fixture(scope="module")
def train(flickr8k: Path, feature_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """`run_recipe` on the drawn pictures, into a fresh folder if none is named."""

    def run_it(recipe: Recipe, out: Path | None = None, **more: object) -> Path:
        out = out or tmp_path_factory.mktemp("out")
        run_recipe(recipe, flickr8k, out, cache_dir=feature_cache, **more)  # type: ignore[arg-type]
        return out

    return run_it


@pytest.fixture(scope="module")
def finished(
    flickr8k: Path,
    feature_cache: Path,
    text: Path,
    photos: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Both stages, with text and photos, by the command line; to read only."""
    out = tmp_path_factory.mktemp("out")
    recipe(out)
    given = ["--data", str(flickr8k), "--text", str(text), "--photos", str(photos)]
    where = ["--cache-dir", str(feature_cache), "--out", str(out)]
    assert run(["train", str(out / "recipe.toml"), *given, *where]) == 0
    return out


@pytest.fixture(scope="module")
def twin(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both stages with neither; to read only."""
    return train(recipe(tmp_path_factory.mktemp("recipe")))


def described(out: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(RunFolder(out / "write").config.read_text())
    return found


def test_the_words_of_the_text_are_words_of_the_model(finished: Path, twin: Path) -> None:
    with_text, without = (load_run(out / "write").writer()[1].tokens for out in (finished, twin))
    assert set(without) < set(with_text)
    assert set(with_text) - set(without) == {
        *("yellow", "circles", "squares", "triangles", "lies", "table", "somebody", "draws"),
        *("paper", "in", "kitchen", "very"),  # but not what the text says once, such as "hapax"
    }


def test_the_record_of_the_run_names_text_and_photos(
    finished: Path, twin: Path, text: Path
) -> None:
    found = described(finished)
    assert found["data"]["text"] == read_text(text).describe()  # type: ignore[index]
    assert found["data"]["text"]["name"] == "sentences.txt.gz"  # type: ignore[index]
    assert found["photos"]["images"] == 5  # type: ignore[index]
    without = described(twin)
    assert "text" not in without["data"]  # type: ignore[operator]
    assert without["photos"] is None


def test_only_what_can_be_said_whole_is_read(
    finished: Path, text: Path, photos: Path, flickr8k: Path, feature_cache: Path
) -> None:
    config = load_run(finished / "write").config
    data = load_training_data(
        config,
        flickr8k,
        init=load_run(finished / "recognise"),
        text=read_text(text),
        photos_dir=photos,
        cache_dir=feature_cache,
    )
    assert data.text is not None
    assert len(data.text.sentences) == 45
    assert data.text.drawn.shape == (45, 3)
    assert set(data.text.drawn.ravel().tolist()) == set(range(5))


def test_the_encoder_is_exported_once_for_all_that_it_looks_at(
    finished: Path, text: Path, photos: Path, flickr8k: Path, tmp_path: Path, monkeypatch
) -> None:
    exported: list[object] = []

    def export(encoder: Encoder) -> bytes:
        exported.append(encoder)
        return export_encoder(encoder)

    monkeypatch.setattr(features, "export_encoder", export)
    config, first = load_run(finished / "write").config, load_run(finished / "recognise")
    given = {"init": first, "text": read_text(text), "photos_dir": photos, "cache_dir": tmp_path}
    for _ in range(2):  # the second time, everything is there
        load_training_data(config, flickr8k, **given)  # type: ignore[arg-type]
        assert len(exported) == 1


def test_without_photos_the_sentences_borrow_those_of_train(
    finished: Path, text: Path, flickr8k: Path, feature_cache: Path
) -> None:
    first = load_run(finished / "recognise")
    config = load_run(finished / "write").config
    data = load_training_data(
        config, flickr8k, init=first, text=read_text(text), cache_dir=feature_cache
    )
    assert data.text is not None
    assert data.others is None
    assert set(data.text.drawn.ravel().tolist()) == set(range(12))
    assert data.text.photos is data.train.photos


def test_a_text_of_too_few_sentences_in_known_words_is_refused(
    finished: Path, flickr8k: Path, feature_cache: Path
) -> None:
    few = Text("few.txt", "", tuple(tuple(tokenize(s)) for s in TEXT.splitlines()[:9]))
    config = load_run(finished / "write").config
    config = replace(config, text=replace(config.text, min_count=1))
    with pytest.raises(DataError, match=r"few\.txt holds 9 sentences .* too few for a batch of 10"):
        load_training_data(
            config,
            flickr8k,
            init=load_run(finished / "recognise"),
            text=few,
            cache_dir=feature_cache,
        )


@pytest.mark.parametrize("given", [{"text": None}, {"text": "other"}, {"photos_dir": None}])
def test_a_run_does_not_go_on_with_another_text_or_other_photos(
    finished: Path, train: Train, text: Path, photos: Path, tmp_path: Path, given: dict[str, str]
) -> None:
    whole = read_text(text)
    other = replace(whole, sha256="0", sentences=whole.sentences[::-1])
    named = {"other": other, None: None}
    more = {"text": whole, "photos_dir": photos, **{k: named[v] for k, v in given.items()}}
    what = "its text" if "text" in given else "its photos without captions"
    with pytest.raises(CheckpointError, match=what):
        train(recipe(tmp_path), finished, **more)


def test_a_text_of_another_name_is_the_same_text(
    finished: Path, train: Train, text: Path, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "renamed.txt").write_text(TEXT + MORE, encoding="utf-8")
    epochs: list[object] = []
    events = SeriesEvents(training=Events(epoch=epochs.append))
    given = {"text": read_text(tmp_path / "renamed.txt"), "photos_dir": photos, "events": events}
    train(recipe(tmp_path), finished, **given)
    assert epochs == []


def test_a_recipe_stopped_in_mid_epoch_ends_as_one_that_was_not(
    finished: Path, train: Train, text: Path, photos: Path, tmp_path: Path
) -> None:
    out, given = tmp_path / "out", {"text": read_text(text), "photos_dir": photos}
    for updates in (1, 7, 5):  # of 4 and 2 · 10
        left = iter(range(updates))
        events = SeriesEvents(training=Events(should_stop=lambda left=left: next(left, -1) < 0))
        with pytest.raises(KeyboardInterrupt):
            train(recipe(tmp_path), out, events=events, **given)
    train(recipe(tmp_path), out, **given)
    for stage in ("recognise", "write"):
        assert load_run(out / stage).describe() == load_run(finished / stage).describe()


@pytest.mark.parametrize("which", ["finished", "twin"])
def test_a_run_is_scored_as_it_was_when_it_was_trained(
    which: str,
    flickr8k: Path,
    feature_cache: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = request.getfixturevalue(which) / "write"
    where = ["--data", str(flickr8k), "--cache-dir", str(feature_cache), "--json"]
    capsys.readouterr()
    assert run(["evaluate", str(out), *where]) == 0
    found = json.loads(capsys.readouterr().out)
    scores = load_run(out).scores["scores"]
    assert found["scores"]["CIDEr"] == pytest.approx(scores["CIDEr"], abs=1e-3)
    assert "unseen:too" in json.dumps(found)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_a_run_becomes_a_bundle_that_captions_and_names(
    finished: Path,
    flickr8k: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    precision: str,
) -> None:
    bundle = tmp_path / "tiny.bundle"
    options = ["--precision", precision, "--data", str(flickr8k), "--out", str(bundle)]
    assert run(["export", str(finished / "write"), *options]) == 0
    capsys.readouterr()
    photo = next(flickr8k.rglob("*green_square.jpg"))
    assert run(["caption", str(photo), "--model", str(bundle), "--json"]) == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    words = RunFolder(finished / "write").concepts.read_text().split()
    assert record["caption"]
    assert record["concepts"]
    assert all(concept["word"] in words for concept in record["concepts"])


# What makes no sense


def test_a_text_that_no_stage_learns_from_is_refused(
    train: Train, text: Path, tmp_path: Path
) -> None:
    without = recipe(tmp_path, text=RECIPE.replace("sentences = 40", "sentences = 0"))
    with pytest.raises(ConfigError, match="sentences without photos teach only a stage with"):
        train(without, tmp_path / "out", text=read_text(text))
    assert not (tmp_path / "out").exists()


def test_photos_are_for_the_sentences_of_a_text_too_and_for_nothing_else_of_a_decoder(
    finished: Path, train: Train, text: Path, photos: Path, tmp_path: Path
) -> None:
    (_, write) = recipe(tmp_path, ["stages.write.training.max_epochs=1"]).stages
    alone = Recipe(name="alone", stages=(replace(write, name="", begin=()),))
    given = {"init": load_run(finished / "recognise"), "photos_dir": photos}
    with pytest.raises(ConfigError, match="photos without captions teach only a stage with"):
        train(alone, tmp_path / "out", **given)
    train(alone, tmp_path / "out", text=read_text(text), **given)
    record = json.loads(RunFolder(tmp_path / "out").config.read_text())
    assert record["photos"]["images"] == 5


TAUGHT = """
[stages.plain]
begin = ["recognise"]
decoder.concept_places = []
decoding.unseen = false
[stages.taught]
begin = ["recognise"]
teachers = ["{teacher}"]
distillation.weight = 0.5
{settings}
"""


@pytest.mark.parametrize(
    ("teacher", "settings", "message"),
    [
        ("plain", "text.sentences = 40", "the teacher plain looks at photos alone"),
        (
            "write",
            "decoder.concept_places = []\ndecoding.unseen = false",
            "the teacher write looks at concepts, and this run is given none",
        ),
    ],
)
def test_teachers_that_do_not_see_what_the_learner_sees_are_refused(
    train: Train, tmp_path: Path, teacher: str, settings: str, message: str
) -> None:
    text = RECIPE + TAUGHT.format(teacher=teacher, settings=settings)
    with pytest.raises(ConfigError, match=message):
        train(recipe(tmp_path, text=text), tmp_path / "out")


def test_teachers_with_concepts_teach_of_the_text_too(
    finished: Path, train: Train, text: Path, photos: Path, tmp_path: Path
) -> None:
    taught = TAUGHT[TAUGHT.index("[stages.taught]") :]
    more = "text.sentences = 40\ntext.min_count = 2"
    whole = RECIPE + taught.format(teacher="write", settings=more)
    short = recipe(tmp_path, ["stages.taught.training.max_epochs=1"], text=whole)
    out = shutil.copytree(finished, tmp_path / "out")
    train(short, out, text=read_text(text), photos_dir=photos)
    (entry,) = map(json.loads, RunFolder(out / "taught").log.read_text().splitlines())
    assert np.isfinite(entry["train_loss"])


def test_concepts_of_an_encoder_that_names_nothing_are_refused(
    flickr8k: Path, feature_cache: Path, tmp_path: Path
) -> None:
    (_, write) = recipe(tmp_path).stages
    with pytest.raises(ConfigError, match="the encoder names nothing; begin with a run that has"):
        load_training_data(write.config, flickr8k, cache_dir=feature_cache)
