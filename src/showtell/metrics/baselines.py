"""Where a score stands: beside one sentence for every photo, and beside a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from showtell.metrics.result import percent_by_name
from showtell.metrics.scoring import (
    DEFAULT_METRICS,
    Context,
    Texts,
    check_captions,
    measure,
    refuse_images,
    tokenize_references,
)
from showtell.metrics.tokenizer import ptb_tokenize
from showtell.progress import Progress, no_progress

CONSTANT_CAPTION = "a man in a red shirt is standing on the street"

Scores = Mapping[str, float]  # name -> percent


@dataclass(frozen=True)
class LeaveOneOut:
    """A system and people, both scored against all references of an image but one."""

    system: Scores
    human: Scores


def constant_floor(
    references: Texts, metrics: Sequence[str] = DEFAULT_METRICS, *, corpus: Texts | None = None
) -> Scores:
    """Score one sentence that looks at no picture: by name, in percent.

    Raises:
        DataError: there is no image, or one without a reference.
    """
    humans = list(tokenize_references(references).values())
    captions = [ptb_tokenize(CONSTANT_CAPTION)] * len(humans)
    return percent_by_name(measure(captions, humans, metrics, Context.of(corpus)))


def leave_one_out(
    captions: Mapping[str, str],
    references: Texts,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    corpus: Texts | None = None,
    progress: Progress = no_progress,
) -> LeaveOneOut | None:
    """Set a system beside people: each reference in turn is taken out and scored against the rest.

    The system is scored against the same rest, for fewer references give lower scores: with four
    rather than five, BLEU-4 on Flickr8k loses two points. The m first references are taken out in
    turn, m being the fewest that an image has, and the m scores are averaged.

    Args:
        captions: of the images in `references`, at least.
        corpus: captions of other images, to take CIDEr's document frequencies from.
        progress: of the m rounds.

    Returns:
        None where some image has a single reference.

    Raises:
        DataError: there is no image, or one without a caption or a reference, or one of these is
            not text.
    """
    check_captions(captions)
    humans = list(tokenize_references(references).values())
    refuse_images(references.keys() - captions.keys(), "without a caption")
    system = [ptb_tokenize(captions[image_id]) for image_id in references]
    fewest = min(map(len, humans))
    if fewest < 2:
        return None
    context = Context.of(corpus)
    rounds = []
    for left_out in range(fewest):
        rest = [[*of_one[:left_out], *of_one[left_out + 1 :]] for of_one in humans]
        taken = [of_one[left_out] for of_one in humans]
        rounds.append(
            [percent_by_name(measure(s, rest, metrics, context)) for s in (system, taken)]
        )
        progress(len(rounds), fewest)
    return LeaveOneOut(*(_mean(scores) for scores in zip(*rounds, strict=True)))


def _mean(scores: Sequence[Scores]) -> Scores:
    return {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}
