"""One record for each photo, whatever became of it."""

import hashlib
import json
from pathlib import Path

import pytest

from showtell import Captioner
from showtell.runtime.records import CaptionRecord, Photo, caption_photos


@pytest.fixture(scope="module")
def captioner(tiny_bundle: Path) -> Captioner:
    return Captioner.load(tiny_bundle, threads=1)


def records_of(captioner: Captioner, *paths: Path, batch_size: int = 2) -> list[CaptionRecord]:
    photos = [Photo(path.name, path) for path in paths]
    config = captioner.bundle.manifest.decoding
    return list(caption_photos(captioner, photos, config, batch_size=batch_size))


@pytest.fixture
def photos(flickr8k: Path) -> list[Path]:
    return sorted(flickr8k.rglob("*.jpg"))[:4]


@pytest.mark.parametrize("batch_size", [1, 2, 10])
def test_bad_photos_leave_the_others_their_captions(
    captioner: Captioner, photos: list[Path], tmp_path: Path, batch_size: int
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    found = records_of(captioner, bad, photos[0], bad, photos[1], bad, batch_size=batch_size)
    assert [bool(record.error) for record in found] == [True, False, True, False, True]
    expected = [captioner.caption(photo).text for photo in photos[:2]]
    assert [record.caption.text for record in found if record.caption] == expected


def test_a_record_says_what_made_it(captioner: Captioner, photos: list[Path]) -> None:
    (record,) = records_of(captioner, photos[0])
    config = captioner.bundle.manifest.decoding
    found = json.loads(json.dumps(record.to_dict(captioner, config)))
    assert found["path"] == photos[0].name
    assert found["status"] == "ok"
    assert found["error"] is None
    assert found["sha256"] == hashlib.sha256(photos[0].read_bytes()).hexdigest()
    assert found["model"]["sha256"] == captioner.bundle.manifest.sha256
    assert found["decoding"] == {
        "beam_size": 2,
        "max_length": 12,
        "length_penalty": 0.7,
        "no_repeat_ngram": 0,
        "consensus": 0.0,
    }
    assert found["candidates"][0] == {"caption": found["caption"], "log_prob": found["log_prob"]}
    assert found["elapsed_ms"] > 0


def test_the_record_of_a_failure_has_the_same_keys(
    captioner: Captioner, photos: list[Path], tmp_path: Path
) -> None:
    good, bad = records_of(captioner, photos[0], tmp_path / "missing.jpg")
    config = captioner.bundle.manifest.decoding
    failed = bad.to_dict(captioner, config)
    assert failed.keys() == good.to_dict(captioner, config).keys()
    assert failed["status"] == "error"
    assert failed["caption"] is None
    assert "missing.jpg: no such file" in failed["error"]["message"]
