"""What a photo shows, in words."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showtell import BeamConfig, Captioner
from showtell.decoding import pool
from showtell.errors import ConfigError
from showtell.runtime.captioner import Encoded
from showtell.runtime.concepts import Concept, likeliest
from showtell.runtime.records import Maker, Photo, caption_record, read_record


@pytest.fixture(scope="module")
def captioner(naming_bundle: Path) -> Captioner:
    return Captioner.load(naming_bundle, threads=1)


@pytest.fixture(scope="module")
def encoded(captioner: Captioner, flickr8k: Path) -> Encoded:
    photos = sorted(flickr8k.rglob("*.jpg"))[:3]
    return captioner.encode(np.stack([captioner.prepare(photo).pixels for photo in photos]))


def test_words_come_likeliest_first_and_those_of_less_than_a_tenth_not_at_all() -> None:
    found = likeliest(("a", "b", "c"), (0.1, 0.0999, 0.5))
    assert found == (Concept("c", 0.5), Concept("a", 0.1))


def test_a_word_of_two_groups_has_the_larger_probability() -> None:
    assert likeliest(("dog", "cat", "dog"), (0.25, 0.5, 0.75)) == (
        Concept("dog", 0.75),
        Concept("cat", 0.5),
    )


def test_no_more_than_a_dozen_words_are_told() -> None:
    words = [f"w{i}" for i in range(20)]
    assert [c.word for c in likeliest(words, np.linspace(0.2, 0.9, 20))] == words[:7:-1]


def test_a_caption_tells_what_the_photo_shows(
    captioner: Captioner, encoded: Encoded, flickr8k: Path
) -> None:
    photo = min(flickr8k.rglob("*.jpg"))
    caption = captioner.caption(photo)
    words = ("animal", "dog", "thing", "dog", "grass", "red", "run")
    assert encoded.concepts is not None
    expected = likeliest(words, encoded.concepts[0])
    assert [c.word for c in caption.concepts] == [c.word for c in expected]
    np.testing.assert_allclose(
        [c.probability for c in caption.concepts], [c.probability for c in expected], atol=1e-4
    )
    maker = Maker.of(captioner, captioner.bundle.manifest.decoding)
    record = caption_record(Photo("a", photo), caption, maker, sha256="0" * 64, elapsed_ms=0)
    first = caption.concepts[0]
    assert record["concepts"][0] == {
        "word": first.word,
        "probability": round(first.probability, 4),
    }


def test_a_model_without_concepts_tells_none(tiny_bundle: Path, flickr8k: Path) -> None:
    assert (
        Captioner.load(tiny_bundle, threads=1).caption(min(flickr8k.rglob("*.jpg"))).concepts == ()
    )


def test_what_the_decoder_says_depends_on_the_concepts(
    captioner: Captioner, encoded: Encoded
) -> None:
    assert encoded.concepts is not None
    others = encoded._replace(concepts=encoded.concepts[::-1].copy())
    assert captioner.search(encoded) != captioner.search(others)


def test_a_second_search_sees_the_concepts_alone_and_all_hypotheses_compete(
    captioner: Captioner, encoded: Encoded
) -> None:
    config = captioner.bundle.manifest.decoding
    seen = captioner.search(encoded)
    unseen = captioner.search(encoded._replace(features=np.zeros_like(encoded.features)))
    found = captioner.hypotheses(encoded, replace(config, unseen=True))
    assert len(found) == 3
    for together, *apart in zip(found, seen, unseen, strict=True):
        expected = pool(apart)
        assert [h.token_ids for h in together] == [h.token_ids for h in expected]
        np.testing.assert_allclose(
            [h.log_prob for h in together], [h.log_prob for h in expected], atol=1e-4
        )
    assert any(len(together) > config.beam_size for together in found)


def test_the_winner_of_both_searches_may_be_chosen_by_consensus(
    captioner: Captioner, encoded: Encoded
) -> None:
    config = BeamConfig(beam_size=3, max_length=6, consensus=4.0, unseen=True)
    (first, *_) = captioner.search(encoded, config)
    pooled = captioner.hypotheses(encoded, config)[0]
    assert {h.token_ids for h in first} == {h.token_ids for h in pooled}
    assert [h.score for h in first] == sorted((h.score for h in first), reverse=True)
    assert all(0 <= h.score <= 1 for h in first)


def test_a_photo_cannot_be_kept_from_a_decoder_that_looks_at_nothing_else(
    tiny_bundle: Path, flickr8k: Path
) -> None:
    captioner = Captioner.load(tiny_bundle, threads=1)
    with pytest.raises(ConfigError, match="unseen: the decoder of tiny does not look at concepts"):
        captioner.caption(min(flickr8k.rglob("*.jpg")), BeamConfig(unseen=True))


def test_a_record_of_an_older_showtell_has_no_concepts() -> None:
    record = read_record(json.dumps({"path": "a.jpg", "caption": "A dog."}))
    assert record["concepts"] == []
    assert record["caption"] == "A dog."
    assert list(record)[:2] == ["path", "caption"]
