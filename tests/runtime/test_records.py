"""One record for each photo, whatever became of it."""

import json
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from showtell import BeamConfig, Captioner
from showtell.errors import ImageError
from showtell.runtime.records import (
    FIELDS,
    Maker,
    Note,
    Photo,
    Record,
    caption_record,
    error_record,
    skipped_record,
)

SCHEMA = json.loads(files("showtell.runtime").joinpath("record.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def captioner(tiny_bundle: Path) -> Captioner:
    return Captioner.load(tiny_bundle, threads=1)


@pytest.fixture(scope="module")
def maker(captioner: Captioner) -> Maker:
    return Maker.of(captioner, captioner.bundle.manifest.decoding)


@pytest.fixture(scope="module")
def good(captioner: Captioner, maker: Maker, flickr8k: Path) -> Record:
    path = min(flickr8k.rglob("*.jpg"))
    caption = captioner.caption(path)
    notes = (Note("animation", "picture 2 of 3"),)
    return caption_record(
        Photo("a.jpg", path), caption, maker, sha256="0" * 64, elapsed_ms=3.14159, notes=notes
    )


def all_records(good: Record, maker: Maker) -> list[Record]:
    photo = Photo("a.jpg", b"")
    bad = error_record(photo, ImageError("a.jpg: no such file", "missing"), maker)
    skipped = skipped_record(photo, maker, Note("exists", "it has a caption already"))
    return [good, bad, skipped]


def test_a_record_says_what_made_it(good: Record, captioner: Captioner) -> None:
    found = json.loads(json.dumps(good))
    assert found["path"] == "a.jpg"
    assert found["status"] == "ok"
    assert found["error"] is None
    assert found["model"]["sha256"] == captioner.bundle.manifest.sha256
    assert found["decoding"] == {
        "beam_size": 2,
        "max_length": 12,
        "length_penalty": 0.7,
        "no_repeat_ngram": 0,
        "consensus": 0.0,
        "neutral": False,
        "unseen": False,
        "chooser": False,
        "cautious": False,
    }
    first = found["candidates"][0]
    assert (first["caption"], first["log_prob"]) == (found["caption"], found["log_prob"])
    scores = [candidate["score"] for candidate in found["candidates"]]
    assert scores == sorted(scores, reverse=True)
    assert found["elapsed_ms"] == 3.1
    assert found["notes"] == [{"code": "animation", "message": "picture 2 of 3"}]


def test_every_record_is_as_the_published_schema_says(good: Record, maker: Maker) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for record in all_records(good, maker):
        jsonschema.validate(json.loads(json.dumps(record)), SCHEMA)


def test_a_caption_of_no_file_is_a_record_too(captioner: Captioner, flickr8k: Path) -> None:
    caption = captioner.caption(min(flickr8k.rglob("*.jpg")).read_bytes())
    jsonschema.validate(json.loads(json.dumps(caption.to_dict())), SCHEMA)
    assert len(caption.to_dict(num_captions=1)["candidates"]) == 1


def test_the_schema_knows_every_setting_of_a_search() -> None:
    assert set(SCHEMA["properties"]["decoding"]["properties"]) == {
        f.name for f in fields(BeamConfig)
    }


def test_all_records_have_the_same_keys_in_the_same_order(good: Record, maker: Maker) -> None:
    for record in all_records(good, maker):
        assert tuple(record) == FIELDS == tuple(SCHEMA["properties"]) == tuple(SCHEMA["required"])


def test_the_schema_refuses_what_is_no_record(good: Record) -> None:
    for wrong in ({"status": "fine"}, {"confidence": 1.5}, {"more": 1}, {"candidates": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(good | wrong, SCHEMA)


def test_a_failure_has_a_code_and_a_message(maker: Maker, good: Record) -> None:
    failed = all_records(good, maker)[1]
    assert failed["status"] == "error"
    assert failed["caption"] is None
    assert failed["error"] == {"code": "missing", "message": "a.jpg: no such file"}


def test_the_number_of_candidates_may_be_cut(
    captioner: Captioner, good: Record, flickr8k: Path
) -> None:
    maker = Maker.of(captioner, captioner.bundle.manifest.decoding, num_captions=1)
    path = min(flickr8k.rglob("*.jpg"))
    record = caption_record(
        Photo("a", path), captioner.caption(path), maker, sha256="0" * 64, elapsed_ms=0
    )
    assert record["candidates"] == good["candidates"][:1]


def test_a_name_that_is_not_utf_8_can_be_written_as_json(maker: Maker) -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    record = error_record(Photo(name, b""), ImageError(f"{name}: no such file"), maker)
    assert json.dumps(record, ensure_ascii=False).encode()
    assert record["path"] == "caf\\xe9.jpg"
    assert record["error"]["message"] == "caf\\xe9.jpg: no such file"
