"""A stage in which the encoder learns to name what it sees, on the drawn pictures."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawing import TRAIN, draw_shape
from torch import Tensor, nn

from showtell.cli.main import run
from showtell.concepts import load_imagenet_words
from showtell.config import BeamConfig, Config, EncoderConfig, FinetuningConfig, TrainingConfig
from showtell.config import RecognitionConfig as Recognition
from showtell.data.batches.augment import View
from showtell.data.batches.photos import CachedFeatures
from showtell.data.batches.views import ViewDataset
from showtell.data.sources import load_dataset
from showtell.errors import CheckpointError, ConfigError, DataError
from showtell.models.encoders import build_encoder
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.models.recogniser import begin_recogniser
from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.training.epochs import Events
from showtell.training.evaluate import caption_with_run
from showtell.training.export import export_run
from showtell.training.features import compute_kinds, encoder_session, hash_pictures
from showtell.training.recognition.loop import RecognitionTrainer
from showtell.training.recognition.validate import mean_average_precision
from showtell.training.run import RunFolder, load_run
from showtell.training.series import SeriesEvents
from showtell.training.stages.config import Recipe, load_recipe
from showtell.training.stages.run import run_recipe

RECIPE = """
name = "tiny"
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
max_epochs = 1
[base.recognition]
unlabelled_batch_size = 3
[base.decoding]
beam_size = 2
max_length = 12
[stages.recognise]
recognition = { min_count = 5, views = 2, unlabelled_views = 1, class_weight = 1 }
training = { batch_size = 6, max_epochs = 12, warmup_epochs = 2 }
finetuning.learning_rate = 3e-4
[stages.write]
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures without captions, one of them twice, and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        draw_shape("green", "circle", seed=100 + number).save(folder / f"{number}.png")
    (folder / "again.png").write_bytes((folder / "0.png").read_bytes())
    (folder / "notes.txt").write_text("no picture")
    return folder


Train = Callable[..., Path]


@pytest.fixture(scope="module")
def train(flickr8k: Path, feature_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """`run_recipe` on the drawn pictures, into a fresh folder if none is named."""

    def run_it(recipe: Recipe, out: Path | None = None, **more: object) -> Path:
        out = out or tmp_path_factory.mktemp("out")
        run_recipe(recipe, flickr8k, out, cache_dir=feature_cache, **more)  # type: ignore[arg-type]
        return out

    return run_it


def recipe(tmp_path: Path, text: str = RECIPE, overrides: Sequence[str] = ()) -> Recipe:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path, overrides)


@pytest.fixture(scope="module")
def finished(train: Train, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both stages, with photos; to read only."""
    return train(recipe(tmp_path_factory.mktemp("recipe")), photos_dir=photos)


# The whole recipe


def test_the_encoder_learns_to_name_what_captions_say(finished: Path) -> None:
    lines = RunFolder(finished / "recognise").log.read_text().splitlines()
    first, *_, last = (json.loads(line) for line in lines)
    assert last["val_loss"] < 0.6 * first["val_loss"]
    assert last["scores"]["mAP"] > 98 > first["scores"]["mAP"]
    assert 0 < last["class_kl"] < 2


def test_the_run_folder_holds_the_words_and_no_vocabulary(finished: Path) -> None:
    folder = RunFolder(finished / "recognise")
    assert not folder.vocabulary.exists()
    _, of_captions = load_run(folder.path).build_encoder().recogniser.concepts.groups
    assert of_captions[:3] == ("circle", "square", "triangle")
    assert {"red", "black", "picture", "background"} < set(of_captions)
    assert folder.concepts.read_text().endswith("\n".join(("", "", *of_captions, "")))
    assert folder.curves.stat().st_size > 1000


def test_only_the_top_learns_and_all_else_keeps_its_very_bits(finished: Path) -> None:
    learned = load_run(finished / "recognise").encoder_weights
    assert learned is not None
    published = build_encoder(EncoderConfig(name="efficientnet-lite0", image_size=64)).network
    changed = {n for n, t in published.state_dict().items() if not torch.equal(t, learned[n])}
    blocks = {int(name.split(".")[1]) for name in changed if name.startswith("blocks")}
    assert blocks == set(range(8, 16))
    assert {name.split(".")[0] for name in changed} == {"blocks", "head"}
    assert not any("depthwise" in name or "running" in name for name in changed)


def test_what_was_learned_folded_is_what_the_unfolded_encoder_sees(
    finished: Path, flickr8k: Path, feature_cache: Path
) -> None:
    encoder = load_run(finished / "recognise").build_encoder()
    val = load_dataset(flickr8k).require("val")
    hashes = hash_pictures(val)
    images = {hashes[record.image_id]: record.image for record in val}
    cache = compute_kinds(images, encoder, ["concepts"], cache_dir=feature_cache)["concepts"]
    probs = cache.open()[cache.rows(list(images))]
    assert encoder.recogniser is not None
    words = encoder.recogniser.concepts.words
    first = len(encoder.recogniser.concepts.groups[0])
    colours = [words.index(c, first) for c in ("red", "green", "blue", "black")]
    said = [next(c for c in ("red", "green", "blue", "black") if c in r.captions[0]) for r in val]
    guessed = [("red", "green", "blue", "black")[row[colours].argmax()] for row in probs]
    assert sum(a == b for a, b in zip(said, guessed, strict=True)) >= 3


def test_the_next_stage_takes_over_encoder_and_recogniser_and_is_complete_alone(
    finished: Path, tmp_path: Path
) -> None:
    first, second = load_run(finished / "recognise"), load_run(finished / "write")
    assert (first.decoder, first.vocabulary) == (None, None)
    assert second.decoder is not None
    learned = {n: t for n, t in second.weights.items() if not n.startswith("decoder.")}
    assert learned.keys() == first.weights.keys()
    assert all(torch.equal(learned[name], t) for name, t in first.weights.items())
    (finished / "write").rename(tmp_path / "alone")
    encoder = load_run(tmp_path / "alone").build_encoder()
    (tmp_path / "alone").rename(finished / "write")
    assert encoder.sha256 == first.build_encoder().sha256
    assert encoder.recogniser is not None
    assert encoder.recogniser.concepts == first.recogniser.concepts  # type: ignore[union-attr]


def test_grid_and_concepts_are_one_look_also_at_an_altered_photo(
    finished: Path, flickr8k: Path, tmp_path: Path
) -> None:
    encoder = load_run(finished / "recognise").build_encoder()
    (record, *_) = load_dataset(flickr8k).require("val")
    sha256 = hash_pictures([record])[record.image_id]
    view = View(number=1, flip=True, crop=0.5, seed=1)
    session = encoder_session(encoder, ["concepts", "grid"])
    grids = []
    for altered in (None, view):
        looks: list[tuple[int, int]] = []
        caches = compute_kinds(
            {sha256: record.image},
            encoder,
            ["grid", "concepts"],
            view=altered,
            open_session=lambda: session,
            cache_dir=tmp_path,
            progress=lambda *done, looks=looks: looks.append(done),
        )
        grid, concepts = (torch.from_numpy(c.open().astype(np.float32)) for c in caches.values())
        assert encoder.recogniser is not None
        torch.testing.assert_close(
            concepts, encoder.recogniser(grid.mean(dim=1, keepdim=True)), atol=5e-3, rtol=5e-2
        )
        assert looks == [(1, 1)]
        grids.append(grid)
    assert not torch.allclose(*grids, atol=0.1)


def test_a_run_that_recognises_says_that_it_writes_nothing(
    finished: Path, flickr8k: Path, tmp_path: Path
) -> None:
    recogniser = load_run(finished / "recognise")
    with pytest.raises(CheckpointError, match="writes no captions"):
        export_run(recogniser, precision="float32")
    with pytest.raises(CheckpointError, match="writes no captions"):
        caption_with_run(recogniser, load_dataset(flickr8k).require("val"), BeamConfig())


def test_the_photos_are_part_of_what_the_run_is(
    finished: Path, train: Train, photos: Path, tmp_path: Path
) -> None:
    described = json.loads((finished / "recognise" / "config.json").read_text())
    assert described["photos"]["images"] == 3
    draw_shape("red", "square", seed=7).save(tmp_path / "other.png")
    for other in (None, tmp_path):
        with pytest.raises(CheckpointError, match="its photos without captions"):
            train(recipe(tmp_path), finished, photos_dir=other)


def test_it_learns_without_other_photos_and_stopped_anywhere_ends_alike(
    train: Train, tmp_path: Path
) -> None:
    short = recipe(tmp_path, overrides=["stages.recognise.training.max_epochs=2"])
    stopped = tmp_path / "stopped"
    for updates in (0, 1):  # of 4
        left = iter(range(updates))
        events = SeriesEvents(training=Events(should_stop=lambda left=left: next(left, -1) < 0))
        with pytest.raises(KeyboardInterrupt):
            train(short, stopped, events=events)
    train(short, stopped)
    whole = train(short)
    for stage in ("recognise", "write"):
        assert load_run(whole / stage).describe() == {
            **load_run(stopped / stage).describe(),
            "name": stage,
        }


def test_the_command_line_tells_what_is_learned_and_how_well(
    flickr8k: Path,
    feature_cache: Path,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe(tmp_path)
    options = ["--photos", str(photos), "--cache-dir", str(feature_cache), "--out", str(tmp_path)]
    short = ["--set", "stages.recognise.training.max_epochs=2"]
    command = ["train", str(tmp_path / "recipe.toml"), "--data", str(flickr8k), *options, *short]
    assert run(command) == 0
    said = capsys.readouterr().err
    assert "12 train images and 3 without captions, 4 val images; 11 words of captions" in said
    assert "12 train images with 60 captions" in said
    assert said.count("  mAP ") == 2
    assert said.count("  CIDEr ") == 1


# What makes no sense


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("encoder.name=keras:Xception", "recognition is for efficientnet-lite encoders"),
        ("finetuning.from_epoch=1", "finetuning.from_epoch is for a run that trains a decoder"),
        ("finetuning.frozen=0.5", "finetuning.frozen is for a run that trains a decoder"),
        ("self_critical.samples=2", "self_critical.samples is for a run that trains a decoder"),
        ("distillation.weight=0.5", "distillation.weight"),
        ("recognition.min_count=-1", "min_count must not be negative"),
        ("recognition.views=0", "views must be at least 1"),
        ("recognition.class_weight=-1", "class_weight must be finite and not negative"),
        ("recognition.dropout=1", "dropout must be in"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_birth(
    tmp_path: Path, override: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        recipe(tmp_path, overrides=[f"stages.recognise.{override}"])


SECOND = RECIPE.replace("[stages.write]", "[stages.again]\nrecognition.min_count = 5")
CRITICAL = RECIPE + "self_critical.samples = 2\n"
TAUGHT = RECIPE + 'teachers = ["recognise"]\ndistillation.weight = 0.5\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SECOND, "stage again: recognition.min_count: it begins with the published encoder"),
        (CRITICAL, "self_critical.samples: it must begin with a trained run"),
        (TAUGHT, "the teacher recognise has learned to recognise and expects no words"),
    ],
)
def test_stages_that_cannot_follow_are_refused_before_any_training(
    train: Train, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        train(recipe(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_photos_that_no_stage_learns_from_are_refused(
    train: Train, tmp_path: Path, photos: Path
) -> None:
    text = RECIPE.replace("min_count = 5, ", "")
    with pytest.raises(ConfigError, match="photos without captions teach only a stage"):
        train(recipe(tmp_path, text), tmp_path / "out", photos_dir=photos)


def test_a_folder_without_photos_is_refused(train: Train, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, message in (("empty", "holds no photo"), ("nowhere", "is no folder of photos")):
        with pytest.raises(DataError, match=message):
            train(recipe(tmp_path), tmp_path / "out", photos_dir=tmp_path / folder)


# The trainer, on what a trunk gives of drawn pictures, each said to be of words drawn by lot

BY_LOT = Config(
    encoder=EncoderConfig(name="efficientnet-lite0", image_size=32),
    training=TrainingConfig(batch_size=4, learning_rate=0.01, max_epochs=2),
    # Larger steps than this, and the features of such small pictures are soon 0 whatever they show.
    finetuning=FinetuningConfig(learning_rate=1e-5),
    recognition=Recognition(min_count=1, unlabelled_batch_size=2),
)


@pytest.fixture(scope="module")
def network() -> EfficientNetLite:
    network = build_encoder(BY_LOT.encoder).network
    assert isinstance(network, EfficientNetLite)
    return network


def activations(network: EfficientNetLite, num: int, seed: int) -> CachedFeatures:
    drawn = [draw_shape(*TRAIN[i], seed=100 * seed + i).resize((32, 32)) for i in range(num)]
    pixels = np.stack([np.asarray(picture, np.float32) for picture in drawn]) / 127.5 - 1
    with torch.inference_mode():
        seen = network.trunk(torch.from_numpy(pixels).permute(0, 3, 1, 2)).numpy()
    return CachedFeatures(seen.astype(np.float16), np.arange(num))


def trainer(network: EfficientNetLite, folder: Path, config: Config = BY_LOT) -> RecognitionTrainer:
    shares = torch.rand(10, 6, generator=torch.Generator().manual_seed(1)).round()
    words = tuple("abcdef")
    recogniser = begin_recogniser(
        network.classifier,
        class_words=load_imagenet_words(),
        caption_words=words,
        shares=shares.mean(dim=0).numpy(),
    )
    views = [activations(network, 10, seed) for seed in (1, 2)]
    return RecognitionTrainer(
        config,
        train=ViewDataset(views, shares, [activations(network, 5, 3)]),
        val=ViewDataset(views[:1], shares),
        network=network,
        recogniser=recogniser,
        folder=RunFolder(folder),
    )


def last_weights(folder: Path) -> dict[str, Tensor]:
    return weights_of(load_checkpoint(RunFolder(folder).last)[0])


@pytest.mark.parametrize("updates", [1, 3, 5])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    network: EfficientNetLite, tmp_path: Path, updates: int
) -> None:
    trainer(network, tmp_path / "whole").fit(Events())
    left = iter(range(1, updates))
    with pytest.raises(KeyboardInterrupt):
        trainer(network, tmp_path / "stopped").fit(
            Events(should_stop=lambda: next(left, None) is None)
        )
    trainer(network, tmp_path / "stopped").fit(Events())
    whole, stopped = last_weights(tmp_path / "whole"), last_weights(tmp_path / "stopped")
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)


def test_the_first_loss_is_that_of_knowing_only_how_common_words_are(
    network: EfficientNetLite, tmp_path: Path
) -> None:
    training = trainer(
        network, tmp_path, replace(BY_LOT, training=replace(BY_LOT.training, max_epochs=1))
    )
    share = training.train_data.shares.mean(dim=0)
    entropy = -(share * share.log() + (1 - share) * (1 - share).log()).sum().item()
    losses: list[float] = []
    training.fit(Events(update=lambda number, loss, rate: losses.append(loss)))
    assert losses[0] == pytest.approx(entropy, rel=0.3)


def test_a_larger_weight_keeps_the_classes_closer_to_what_they_were(
    network: EfficientNetLite, tmp_path: Path
) -> None:
    drift = []
    for weight in (0.0, 50.0):
        config = replace(
            BY_LOT,
            training=replace(BY_LOT.training, max_epochs=8),
            recognition=replace(BY_LOT.recognition, class_weight=weight),
        )
        state = trainer(network, tmp_path / str(weight), config).fit(Events())
        drift.append(state.history[-1]["class_kl"])
    assert drift[1] < 0.4 * drift[0]  # it is less than a tenth


def test_the_epoch_of_least_loss_is_kept(network: EfficientNetLite, tmp_path: Path) -> None:
    config = replace(BY_LOT, training=replace(BY_LOT.training, max_epochs=4, learning_rate=0.3))
    state = trainer(network, tmp_path, config).fit(Events())
    losses = [entry["val_loss"] for entry in state.history]
    assert state.best_epoch == 1 + losses.index(min(losses))
    assert load_checkpoint(RunFolder(tmp_path).best)[1]["epoch"] == state.best_epoch
    assert state.best_loss == min(losses)


def test_training_leaves_the_network_and_the_recogniser_that_it_was_given(
    network: EfficientNetLite, tmp_path: Path
) -> None:
    before = {name: t.clone() for name, t in network.state_dict().items()}
    trainer(network, tmp_path).fit(Events())
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert not any(isinstance(m, nn.Dropout) for m in network.modules())


# How well words are found


def test_mean_average_precision_is_that_of_a_hand() -> None:
    scores = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    said = torch.tensor([[1, 1], [0, 1], [1, 1]], dtype=torch.bool)
    # Of the first word: photos 1 and 3 of the ranking, (1/1 + 2/3) / 2. Of the second: all.
    assert mean_average_precision(scores[:, :1], said[:, :1]) == pytest.approx(5 / 6)
    assert mean_average_precision(scores[:, 1:], said[:, 1:]) == 1
    assert mean_average_precision(scores, said) == pytest.approx(11 / 12)


def test_words_said_of_few_photos_count_only_where_there_are_no_others() -> None:
    scores = torch.arange(6.0)[:, None].repeat(1, 2)
    said = torch.tensor([[1, 1], [1, 0], [1, 0], [1, 0], [1, 0], [1, 0]], dtype=torch.bool)
    assert mean_average_precision(scores, said) == 1
    assert mean_average_precision(scores[:, 1:], said[:, 1:]) == pytest.approx(1 / 6)


def test_words_that_nobody_said_have_no_precision() -> None:
    assert mean_average_precision(torch.rand(3, 2), torch.zeros(3, 2, dtype=torch.bool)) == 0
