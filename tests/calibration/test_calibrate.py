"""From a bundle and a dataset to a bundle that tells how sure to be."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from showtell import BeamConfig, Captioner
from showtell.bundle import CONFIDENCE, FORMAT_VERSION, load_bundle
from showtell.calibration.bundle import calibrate
from showtell.calibration.odd import KINDS, draw_odd
from showtell.calibration.sure import out_of_fold
from showtell.calibration.target import judge
from showtell.cli.main import run
from showtell.data.records import ImageFile, Record
from showtell.errors import DataError
from showtell.metrics.cider import CiderD
from showtell.runtime.confidence import Confidence
from showtell.text import tokenize


@pytest.fixture(scope="module")
def data(flickr8k: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn pictures, six of the train split moved to val: enough to calibrate on."""
    root = shutil.copytree(flickr8k, tmp_path_factory.mktemp("calibration") / "flickr8k")
    train, dev = (next(root.rglob(f"Flickr_8k.{name}Images.txt")) for name in ("train", "dev"))
    names = train.read_text().split()
    train.write_text("\n".join(names[6:]) + "\n")
    dev.write_text("\n".join([*dev.read_text().split(), *names[:6]]) + "\n")
    return root


@pytest.fixture(scope="module")
def calibrated(
    data: Path, tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("calibrated")
    out, figure = folder / "sure.bundle", folder / "reliability.png"
    arguments = [str(tiny_bundle), "--data", str(data), "--out", str(out), "--figure", str(figure)]
    assert run(["calibrate", *arguments]) == 0
    return out, figure


def test_a_calibrated_bundle_gives_a_probability_with_each_caption(
    calibrated: tuple[Path, Path], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = sorted(map(str, data.rglob("*.jpg")))
    assert run([*photos, "--model", str(calibrated[0]), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(0 <= record["confidence"] <= 1 for record in records)
    assert len({record["confidence"] for record in records}) > 1


def test_it_says_what_good_means_and_what_the_probability_is_worth(
    calibrated: tuple[Path, Path],
) -> None:
    manifest = load_bundle(calibrated[0]).manifest
    assert "75% of people's captions" in manifest.confidence["target"]
    assert manifest.confidence["photos"] == 10
    assert set(manifest.confidence["odd_pictures"]) == set(KINDS)
    assert manifest.format_version == FORMAT_VERSION
    assert calibrated[1].read_bytes().startswith(b"\x89PNG")


def test_another_search_than_the_calibrated_one_has_no_probability(
    calibrated: tuple[Path, Path], data: Path
) -> None:
    captioner = Captioner.load(calibrated[0])
    photo = next(data.rglob("*.jpg"))
    assert captioner.caption(photo).confidence is not None
    assert captioner.caption(photo, captioner.bundle.manifest.decoding).confidence is not None
    assert captioner.caption(photo, BeamConfig(beam_size=4)).confidence is None


def test_a_model_that_is_not_calibrated_has_none(tiny_bundle: Path, data: Path) -> None:
    assert Captioner.load(tiny_bundle).caption(next(data.rglob("*.jpg"))).confidence is None


def test_too_few_photos_are_refused(
    flickr8k: Path, tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sure.bundle"
    arguments = [str(tiny_bundle), "--data", str(flickr8k), "--out", str(out)]
    assert run(["calibrate", *arguments]) == 2
    assert "too few photos in val to calibrate on: 4" in capsys.readouterr().err
    assert not out.exists()


def test_a_model_of_the_install_is_not_written_over(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate", "merge", "--data", str(data)]) == 2
    assert "give --out" in capsys.readouterr().err


def test_odd_pictures_are_the_same_for_the_same_seed_and_differ_within_a_kind() -> None:
    for kind in KINDS:
        first, second = draw_odd(kind, 2)
        assert first.tobytes() != second.tobytes()
        assert draw_odd(kind, 2)[1].tobytes() == second.tobytes()
        assert draw_odd(kind, 1, seed=1)[0].tobytes() != first.tobytes()


def record(*captions: str) -> Record:
    return Record(captions[0], ImageFile(Path("x")), captions, "val")


RECORDS = [
    record("a dog runs on the grass", "a dog runs over grass", "a brown dog on the grass"),
    record("a man swims in the sea", "a man swims in the cold sea", "someone in the sea"),
    record("two girls play football", "girls play football", "two girls with a ball"),
]


def test_a_caption_is_good_where_a_quarter_of_people_agree_less() -> None:
    said = ["a dog runs on grass", "a red car", "two girls play football"]
    target, good = judge(said, RECORDS, RECORDS)
    assert good.tolist() == [True, False, True]
    assert f"at least {target.threshold:.2f}" in target.describe()
    people = []
    for r in RECORDS:
        for k in range(3):
            others = [tokenize(c) for j, c in enumerate(r.captions) if j != k]
            documents = [[tokenize(c) for c in r.captions] for r in RECORDS]
            people += [*CiderD([others], corpus=documents).score([tokenize(r.captions[k])])]
    assert np.mean(np.array(people) < target.threshold) == pytest.approx(2 / 9)  # below a quarter
    assert np.mean(np.array(people) <= target.threshold) == pytest.approx(3 / 9)


def test_no_photo_is_judged_by_a_fit_that_saw_it() -> None:
    size = 23
    pooled = np.arange(size)[:, None].astype(np.float32)
    seen_by_its_fit = np.full(size, -1.0)

    class Spy:
        def __init__(self, chosen: np.ndarray) -> None:
            self.chosen = chosen

        def probability(self, evidence: list[list[float]], pooled: np.ndarray) -> np.ndarray:
            judged = pooled[:, 0].astype(int)
            assert [row[0] for row in evidence] == judged.tolist()
            seen_by_its_fit[judged] = self.chosen[judged]
            return np.full(len(judged), 1 / len(judged))

    probs = out_of_fold(pooled, pooled.astype(float), Spy)
    assert (seen_by_its_fit == 0).all()
    assert probs.sum() == pytest.approx(5)  # folds


def test_single_references_cannot_say_what_people_reach() -> None:
    with pytest.raises(DataError, match="two references"):
        judge(["a dog"], [record("a dog")], RECORDS)


def test_photos_that_the_model_learned_from_too_are_not_strange_to_it(
    calibrated: tuple[Path, Path], data: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, chart in enumerate(draw_odd("chart", 12)):
        chart.save(photos / f"{number}.png")
    without, _ = calibrated
    calibrate(tiny_bundle, data=data, photos=photos, out=tmp_path / "with.bundle", threads=1)
    captioner = Captioner.load(without, threads=1)
    pooled = captioner.encode(captioner.prepare(photos / "1.png").pixels[None]).pooled
    far, near = (
        Confidence.from_bytes(load_bundle(path).files[CONFIDENCE]).domain.measure(pooled)[0, 1]
        for path in (without, tmp_path / "with.bundle")
    )
    assert near < far - 1  # logarithms of the distance off the axes


def test_a_folder_without_photos_is_refused(data: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no photo"):
        calibrate(tiny_bundle, data=data, photos=tmp_path, out=tmp_path / "x.bundle")
