"""Against COCO-caption on real captions. Give Flickr8k's folder in SHOWTELL_FLICKR8K."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from showtell.data.sources import load_dataset
from showtell.metrics import bleu, cider, rouge_l, score
from showtell.metrics.tokenizer import ptb_tokenize

FOLDER = os.environ.get("SHOWTELL_FLICKR8K")
pytestmark = [
    pytest.mark.flickr8k,
    pytest.mark.skipif(FOLDER is None, reason="SHOWTELL_FLICKR8K is not set"),
]


@pytest.fixture(scope="module")
def texts():
    """The captions of each image of val."""
    return {r.image_id: list(r.captions) for r in load_dataset(Path(FOLDER)).require("val")}


@pytest.fixture(scope="module")
def sample(texts):
    """Captions half right, half of the next image, against 1 to 8 references."""
    tokens = [[ptb_tokenize(text) for text in of_one] for of_one in texts.values()]
    pairs = list(enumerate(zip(tokens, [*tokens[1:], tokens[0]], strict=True)))
    captions = [own[4] if i % 2 else other[0] for i, (own, other) in pairs]
    references = [(own[:4] + other[1:])[: 1 + i % 8] for i, (own, other) in pairs]
    return captions, references


def test_bleu_is_coco_captions(coco_bleu, sample):
    corpus, each = coco_bleu(*sample)
    result = bleu(*sample)
    np.testing.assert_allclose(result.corpus, corpus, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.per_image, np.transpose(each), rtol=0, atol=1e-9)


def test_rouge_l_is_coco_captions(coco_rouge, sample):
    corpus, each = coco_rouge(*sample)
    result = rouge_l(*sample)
    assert result.corpus[0] == pytest.approx(corpus, rel=0, abs=1e-9)
    np.testing.assert_allclose(result.per_image[:, 0], each, rtol=0, atol=1e-9)


def test_cider_is_coco_captions(coco_cider, sample):
    corpus, each = coco_cider(*sample)
    result = cider(*sample)
    assert result.corpus[0] == pytest.approx(corpus, rel=0, abs=1e-9)
    np.testing.assert_allclose(result.per_image[:, 0], each, rtol=0, atol=1e-9)


@pytest.mark.skipif(shutil.which("java") is None, reason="COCO-caption's tokenizer needs Java")
def test_raw_text_scores_as_through_coco_captions_own_tokenizer(
    texts, coco_bleu, coco_rouge, coco_cider
):
    ptb = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer").PTBTokenizer()
    captions = {image: of_one[0] for image, of_one in texts.items()}
    references = {image: of_one[1:] for image, of_one in texts.items()}
    ids = sorted(texts)
    tokenized = ptb.tokenize({i: [{"caption": text} for text in texts[i]] for i in ids})
    sentences = [[sentence.split(" ") for sentence in tokenized[i]] for i in ids]
    theirs = [of_one[0] for of_one in sentences], [of_one[1:] for of_one in sentences]
    found = score(captions, references).scores
    for name, scorer in (("ROUGE-L", coco_rouge), ("CIDEr", coco_cider)):
        assert found[name] == pytest.approx(100 * scorer(*theirs)[0], abs=1e-7)
    for order, value in enumerate(coco_bleu(*theirs)[0], start=1):
        assert found[f"BLEU-{order}"] == pytest.approx(100 * value, abs=1e-7)
