"""The reference implementation, COCO-caption as packaged by pycocoevalcap, called as ours is."""

import pytest


@pytest.fixture(scope="session")
def coco_bleu():
    scorer = pytest.importorskip("pycocoevalcap.bleu.bleu").Bleu(4)
    return lambda captions, references: scorer.compute_score(
        *_as_coco_reads_them(captions, references), verbose=0
    )


@pytest.fixture(scope="session")
def coco_rouge():
    scorer = pytest.importorskip("pycocoevalcap.rouge.rouge").Rouge()
    return lambda captions, references: scorer.compute_score(
        *_as_coco_reads_them(captions, references)
    )


@pytest.fixture(scope="session")
def coco_cider():
    scorer = pytest.importorskip("pycocoevalcap.cider.cider").Cider()
    return lambda captions, references: scorer.compute_score(
        *_as_coco_reads_them(captions, references)
    )


def _as_coco_reads_them(captions, references):
    """Give references and captions as dicts of image -> sentences with blanks between words."""
    return (
        {image: [" ".join(words) for words in refs] for image, refs in enumerate(references)},
        {image: [" ".join(words)] for image, words in enumerate(captions)},
    )
