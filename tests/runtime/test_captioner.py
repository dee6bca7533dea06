"""`Captioner`: photo in, sentence out."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from showtell import BeamConfig, Captioner
from showtell.claims import find_claims, sentence
from showtell.errors import ImageError, UnknownModelError
from showtell.text import tokenize

PHOTOGRAPHER = Path(__file__).parents[2] / "examples" / "photographer.jpg"


@pytest.fixture(scope="module")
def captioner(tiny_bundle: Path) -> Captioner:
    return Captioner.load(tiny_bundle, threads=1)


@pytest.fixture(scope="module")
def photos(flickr8k: Path) -> list[Path]:
    return sorted(flickr8k.rglob("*.jpg"))


def test_a_caption_is_a_sentence(captioner: Captioner, photos: list[Path]) -> None:
    text = captioner.caption(photos[0]).text
    assert text[0].isupper()
    assert text.endswith(".")
    assert "<" not in text


def test_path_bytes_and_image_are_the_same_photo(captioner: Captioner, photos: list[Path]) -> None:
    path = photos[0]
    with Image.open(path) as image:
        sources = [path, str(path), path.read_bytes(), image]
        captions = [captioner.caption(source) for source in sources]
    assert all(caption == captions[0] for caption in captions)


def test_photos_come_back_in_order_whatever_the_batch(
    captioner: Captioner, photos: list[Path]
) -> None:
    alone = [captioner.caption(photo).text for photo in photos]
    assert len(set(alone)) > 1
    for batch_size in (1, 3, 100):
        together = captioner.caption_many(photos, batch_size=batch_size)
        assert [caption.text for caption in together] == alone


def test_photos_are_taken_batch_by_batch(captioner: Captioner, photos: list[Path]) -> None:
    taken = []

    def watched():
        for photo in photos[:6]:
            taken.append(photo)
            yield photo

    captions = captioner.caption_many(watched(), batch_size=2)
    next(captions)
    assert len(taken) == 2


def test_candidates_are_ranked_and_begin_with_the_caption(
    captioner: Captioner, photos: list[Path]
) -> None:
    caption = captioner.caption(photos[0], BeamConfig(beam_size=3))
    assert caption.candidates[0].text == caption.text
    assert caption.candidates[0].log_prob == caption.log_prob
    scores = [candidate.score for candidate in caption.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len({c.text for c in caption.candidates}) == len(scores) == 3


def test_the_size_reported_is_that_of_the_upright_photo(captioner: Captioner) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it upright
    buffer = io.BytesIO()
    Image.new("RGB", (60, 20), "red").save(buffer, "JPEG", exif=exif)
    caption = captioner.caption(buffer.getvalue())
    assert (caption.width, caption.height) == (20, 60)


def test_a_longer_search_limit_is_respected(captioner: Captioner, photos: list[Path]) -> None:
    caption = captioner.caption(photos[0], BeamConfig(max_length=2))
    assert len(caption.text.split()) <= 2


def test_features_and_search_can_be_used_apart(captioner: Captioner, photos: list[Path]) -> None:
    pixels = np.stack([captioner.prepare(photo).pixels for photo in photos[:2]])
    encoded = captioner.encode(pixels)
    assert encoded.features.shape == (2, 1, 1280)
    np.testing.assert_array_equal(encoded.pooled, encoded.features[:, 0])
    best = [hypotheses[0] for hypotheses in captioner.search(encoded)]
    expected = [captioner.caption(photo).log_prob for photo in photos[:2]]
    np.testing.assert_allclose([h.log_prob for h in best], expected, atol=1e-4)


def test_a_neutral_caption_is_the_same_one_without_genders() -> None:
    captioner = Captioner.load(threads=1)
    own = replace(captioner.bundle.manifest.decoding, cautious=False)
    gendered, neutral = (
        captioner.caption(PHOTOGRAPHER, replace(own, neutral=said)) for said in (False, True)
    )
    assert find_claims(tokenize(gendered.text))
    assert neutral.text == sentence(tokenize(gendered.text), neutral=True)
    assert neutral.confidence == gendered.confidence is not None
    texts = [candidate.text for candidate in neutral.candidates]
    assert len(set(texts)) == len(texts)
    claims = [claim for text in texts for claim in find_claims(tokenize(text))]
    assert "gender" not in {claim.kind for claim in claims}


def test_what_is_no_photo_is_an_error_that_names_it(captioner: Captioner, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not a picture")
    with pytest.raises(ImageError, match=r"notes\.jpg"):
        captioner.caption(tmp_path / "notes.jpg")


def test_a_misspelt_model_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownModelError, match="Did you mean 'merge'"):
        Captioner.load("merg")


def test_the_model_of_the_install_is_the_default() -> None:
    assert Captioner.load().bundle.manifest.name == "base"
