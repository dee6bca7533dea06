"""Calibrating a bundle that names what it sees: chooser, doubts, confidence, and what it scores."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showtell import Captioner
from showtell.bundle import Bundle, load_bundle, save_bundle
from showtell.calibration.bundle import CalibratedBundle, calibrate_bundle
from showtell.calibration.calibrate import Part, calibrate
from showtell.cli.main import run
from showtell.data.records import Record
from showtell.data.sources import load_dataset
from showtell.errors import DataError
from showtell.metrics import score

EARLIER = {
    "measured_on": "this bundle, ONNX Runtime",
    "scores": {"CIDEr": 1.0},
    "signatures": {"CIDEr": "cider|x"},
    "checkpoint": {"CIDEr": 2.0},
}


@pytest.fixture(scope="module")
def data(flickr8k: Path, naming_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn pictures; of every other one people say what the model says, of the rest not."""
    root = shutil.copytree(flickr8k, tmp_path_factory.mktemp("named") / "flickr8k")
    train, dev = (next(root.rglob(f"Flickr_8k.{name}Images.txt")) for name in ("train", "dev"))
    names = train.read_text().split()
    train.write_text("\n".join(names[6:]) + "\n")
    dev.write_text("\n".join([*dev.read_text().split(), *names[:6]]) + "\n")
    captioner = Captioner.load(naming_bundle, threads=1)
    photos = sorted(root.rglob("*.jpg"))
    lines = []
    for i, caption in enumerate(captioner.caption_many(photos)):
        said = [candidate.text for candidate in caption.candidates]
        captions = [*said, said[0]] if i % 2 else ["dog run red", "dog run c", "run dog red dog"]
        lines += [f"{photos[i].name}#{n}\t{text}\n" for n, text in enumerate(captions)]
    next(root.rglob("Flickr8k.token.txt")).write_text("".join(lines))
    return root


@pytest.fixture(scope="module")
def bundle(naming_bundle: Path) -> Bundle:
    """A bundle that chooses by consensus and has scores."""
    found = load_bundle(naming_bundle)
    decoding = replace(found.manifest.decoding, consensus=4.0)
    return replace(found, manifest=replace(found.manifest, scores=EARLIER, decoding=decoding))


@pytest.fixture(scope="module")
def val(data: Path) -> tuple[Record, ...]:
    return load_dataset(data).require("val")


@pytest.fixture(scope="module")
def calibrated(bundle: Bundle, data: Path, val: tuple[Record, ...]) -> CalibratedBundle:
    train = load_dataset(data).require("train")
    return calibrate_bundle(bundle, train, val, also=[Part("more", train)], threads=1)


@pytest.fixture(scope="module")
def captioner(calibrated: CalibratedBundle, tmp_path_factory: pytest.TempPathFactory) -> Captioner:
    path = tmp_path_factory.mktemp("calibrated") / "named.bundle"
    save_bundle(path, calibrated.manifest, calibrated.files)
    return Captioner.load(path, threads=1)


def test_it_ranks_by_its_chooser_and_is_cautious(captioner: Captioner, data: Path) -> None:
    decoding = captioner.bundle.manifest.decoding
    assert (decoding.chooser, decoding.cautious, decoding.consensus) == (True, True, 0.0)
    caption = captioner.caption(next(data.rglob("*.jpg")))
    assert caption.confidence is not None
    scores = [candidate.score for candidate in caption.candidates]
    assert scores == sorted(scores, reverse=True)


def test_its_confidence_is_of_its_own_search_however_that_is_said(
    captioner: Captioner, data: Path
) -> None:
    own = captioner.bundle.manifest.decoding
    photo = next(data.rglob("*.jpg"))
    sure = captioner.caption(photo).confidence
    assert captioner.caption(photo, replace(own, cautious=False)).confidence == sure is not None
    assert captioner.caption(photo, replace(own, neutral=True)).confidence == sure
    assert captioner.caption(photo, replace(own, chooser=False)).confidence is None
    assert captioner.caption(photo, replace(own, beam_size=2)).confidence is None


def test_its_scores_are_those_of_captions_that_are_out_of_fold(
    calibrated: CalibratedBundle, val: tuple[Record, ...]
) -> None:
    scores = calibrated.manifest.scores
    assert scores["measured_on"] == "val, each photo with a chooser that was fitted on the others"
    (judged, _) = calibrated.found.parts
    report = score(judged.captions, {record.image_id: record.captions for record in val})
    assert scores["scores"]["CIDEr"] == round(report.scores["CIDEr"], 4)
    signature = scores["signatures"]["CIDEr"]
    assert "|images:10|" in signature
    assert "|split:val|" in signature
    assert "|chooser:yes|cautious:yes|" in signature
    assert "consensus" not in signature
    assert scores["claims"]["colour"].keys() == {"captions", "percent"}


def test_other_datasets_have_scores_and_a_confidence_of_their_own(
    calibrated: CalibratedBundle,
) -> None:
    (more,) = calibrated.manifest.scores["also"]
    assert more["measured_on"] == "more, each photo with a chooser that was fitted on the others"
    assert "|images:6|" in more["signatures"]["CIDEr"]
    assert "split" not in more["signatures"]["CIDEr"]
    (worth,) = calibrated.manifest.confidence["also"]
    assert worth["data"] == "more"
    assert worth["photos"] == 6
    assert calibrated.manifest.confidence["photos"] == 10


def test_what_it_scored_before_is_kept_apart(calibrated: CalibratedBundle) -> None:
    scores = calibrated.manifest.scores
    assert scores["checkpoint"] == EARLIER["checkpoint"]
    assert scores["without_chooser"] == {
        key: EARLIER[key] for key in ("measured_on", "scores", "signatures")
    }


def test_calibrated_again_it_is_the_same(
    calibrated: CalibratedBundle, captioner: Captioner, data: Path, val: tuple[Record, ...]
) -> None:
    train = load_dataset(data).require("train")
    again = calibrate_bundle(captioner.bundle, train, val, also=[Part("more", train)], threads=1)
    assert again.files == calibrated.files
    assert again.manifest.scores == calibrated.manifest.scores
    assert again.manifest.confidence == calibrated.manifest.confidence


def test_an_empty_dataset_is_refused_by_its_name(
    bundle: Bundle, data: Path, val: tuple[Record, ...]
) -> None:
    train = load_dataset(data).require("train")
    with pytest.raises(DataError, match="everyday holds no photo"):
        calibrate(Captioner(bundle, threads=1), train, val, also=[Part("everyday", ())])


def test_the_command_tells_scores_and_claims_of_each_dataset(
    naming_bundle: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "named.bundle"
    arguments = ["--data", str(data), "--also", str(data), "--out", str(out), "--threads", "1"]
    assert run(["calibrate", str(naming_bundle), *arguments]) == 0
    header, first, second, *_ = capsys.readouterr().out.splitlines()
    assert header.split("  ")[0] == "photos"
    assert "colour %" in header
    manifest = load_bundle(out).manifest
    assert first.split()[:2] == ["val", f"{manifest.scores['scores']['CIDEr']:.1f}"]
    assert second.split()[0] == "flickr8k"
    (also,) = manifest.scores["also"]
    assert also["measured_on"].startswith("flickr8k, ")
    assert "|images:18|" in also["signatures"]["CIDEr"]  # of all splits
    assert "checkpoint" not in manifest.scores
    assert "without_chooser" not in manifest.scores  # it had no scores


def test_caution_can_be_asked_for_and_is_recorded(
    captioner: Captioner, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, model = str(next(data.rglob("*.jpg"))), ["--model", str(captioner.bundle.path)]
    for option, expected in (
        ([], (True, True)),
        (["--no-cautious"], (True, False)),
        (["--no-chooser", "--cautious"], (False, True)),
    ):
        assert run([photo, "--json", *option, *model]) == 0
        decoding = json.loads(capsys.readouterr().out)["decoding"]
        assert (decoding["chooser"], decoding["cautious"]) == expected


def test_a_second_way_to_rank_is_refused(
    captioner: Captioner, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(next(data.rglob("*.jpg")))
    assert run([photo, "--consensus", "4", "--model", str(captioner.bundle.path)]) == 2
    assert "--no-chooser" in capsys.readouterr().err


def test_evaluate_scores_with_and_without_caution(
    captioner: Captioner, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(captioner.bundle.path), "--data", str(data), "--json", "--no-baselines"]
    for option, said in (([], True), (["--no-cautious"], False)):
        assert run(["evaluate", *arguments, *option]) == 0
        signature = json.loads(capsys.readouterr().out)["signatures"]["CIDEr"]
        assert ("cautious:yes" in signature) == said


def test_a_training_run_has_neither_chooser_nor_caution(
    tiny_run: Path, flickr8k: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tiny_run), "--data", str(flickr8k), "--cautious"]
    assert run(["evaluate", *arguments]) == 2
    assert "chooser and cautious are for bundles" in capsys.readouterr().err


def test_claims_of_the_captions_are_counted(calibrated: CalibratedBundle) -> None:
    (scored, _) = calibrated.scored
    claimed = scored.claims.system["colour"]
    percent = calibrated.manifest.scores["claims"]["colour"]["percent"]
    assert percent == (None if claimed.rate is None else round(100 * claimed.rate, 4))
    assert np.isfinite(list(scored.report.scores.values())).all()
