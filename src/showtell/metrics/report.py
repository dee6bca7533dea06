"""A set of captions scored: values in percent, and the signature that says what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from showtell import __version__
from showtell.errors import DataError
from showtell.metrics.bleu import bleu
from showtell.metrics.cider import cider
from showtell.metrics.rouge import rouge_l
from showtell.text import tokenize

NAMES = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr")


@dataclass(frozen=True)
class Report:
    """Scores of one system on one set of images, in percent (CIDEr × 100)."""

    scores: dict[str, float]  # by name, as in `NAMES`
    per_image: dict[str, dict[str, float]]  # image id -> name -> value, in percent
    conditions: dict[str, str]  # what the signature says beside the metric's name

    def signature(self, name: str) -> str:
        """Say what a score means, in one line that can be compared: sacrebleu's manner."""
        rest = "|".join(f"{key}:{value}" for key, value in self.conditions.items())
        return f"{name.lower()}|{rest}"

    def to_dict(self) -> dict[str, Any]:
        """Scores with their signatures, ready for JSON; per-image values are left out."""
        return {
            "scores": {name: round(value, 4) for name, value in self.scores.items()},
            "signatures": {name: self.signature(name) for name in self.scores},
        }


def score(
    captions: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    *,
    conditions: Mapping[str, str] | None = None,
) -> Report:
    """Score captions against the references of the same images, coco-style.

    Args:
        captions: image id -> caption.
        references: image id -> what people wrote; must have the same ids.
        conditions: more for the signature, such as split and search settings.

    Raises:
        DataError: nothing to score, the ids differ, or an image has no reference.
    """
    _check_ids(captions, references)
    ids = sorted(captions)
    hypotheses = [tokenize(captions[image_id]) for image_id in ids]
    humans = [[tokenize(reference) for reference in references[i]] for i in ids]
    bleu_corpus, bleu_each = bleu(hypotheses, humans)
    rouge_corpus, rouge_each = rouge_l(hypotheses, humans)
    cider_corpus, cider_each = cider(hypotheses, humans)
    corpus = [*bleu_corpus, rouge_corpus, cider_corpus]
    each = [*bleu_each.T, rouge_each, cider_each]  # 6 × (N,)
    return Report(
        scores={name: 100 * float(value) for name, value in zip(NAMES, corpus, strict=True)},
        per_image={
            image_id: {
                name: 100 * float(values[row]) for name, values in zip(NAMES, each, strict=True)
            }
            for row, image_id in enumerate(ids)
        },
        conditions={
            "tok": "coco-style",
            "refs": _reference_counts(references),
            "images": str(len(ids)),
            **(conditions or {}),
            "version": f"showtell-{__version__}",
        },
    )


def to_coco_results(captions: Mapping[str, str]) -> list[dict[str, str]]:
    """Captions as COCO's results format has them, ready for JSON: one row an image."""
    return [{"image_id": image_id, "caption": text} for image_id, text in captions.items()]


def _check_ids(captions: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> None:
    if not captions:
        raise DataError("there are no captions to score")
    if any(isinstance(refs, str) for refs in references.values()):
        raise DataError("the references of an image must be a list of sentences, not one string")
    for found, what in (
        (captions.keys() - references.keys(), "captions without references"),
        (references.keys() - captions.keys(), "references without a caption"),
        ({i for i in references if not references[i]}, "images with no reference at all"),
    ):
        if found:
            named = ", ".join(sorted(found)[:3])
            raise DataError(f"{len(found)} {what}: {named}{', …' if len(found) > 3 else ''}")


def _reference_counts(references: Mapping[str, Sequence[str]]) -> str:
    counts = {len(refs) for refs in references.values()}
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low}-{high}"
