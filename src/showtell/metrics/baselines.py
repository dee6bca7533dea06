"""Where a score stands: the floor of one sentence for every photo, the ceiling of a person."""

from collections.abc import Sequence

import numpy as np

from showtell.metrics.result import percent_by_name
from showtell.metrics.scoring import DEFAULT_METRICS, Extras, Texts, measure, tokenize_all
from showtell.metrics.tokenizer import ptb_tokenize
from showtell.progress import Progress, no_progress

CONSTANT_CAPTION = "a man in a red shirt is standing on the street"


def constant_floor(
    references: Texts,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    corpus: Texts | None = None,
) -> dict[str, float]:
    """Score one sentence that looks at no picture: scores by name, in percent."""
    humans = tokenize_all(references.values())
    captions = [ptb_tokenize(CONSTANT_CAPTION)] * len(humans)
    return percent_by_name(measure(captions, humans, metrics, _extras(corpus)))


def human_ceiling(
    references: Texts,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    corpus: Texts | None = None,
    progress: Progress = no_progress,
) -> dict[str, float] | None:
    """Score people: one reference of each image against its others.

    Each of the first m references is left out in turn and the m scores are averaged, m being the
    fewest that an image has. A system has one reference more to agree with, which lifts BLEU and
    ROUGE-L a little, so the ceiling is slightly low.

    Args:
        corpus: captions of other images, to take CIDEr's document frequencies from.
        progress: of the m rounds.

    Returns:
        Scores by name, in percent; None where some image has a single reference.
    """
    humans = tokenize_all(references.values())
    fewest = min(map(len, humans))
    if fewest < 2:
        return None
    extras = _extras(corpus)
    rounds = []
    for left_out in range(fewest):
        captions = [texts[left_out] for texts in humans]
        others = [[*texts[:left_out], *texts[left_out + 1 :]] for texts in humans]
        rounds.append(percent_by_name(measure(captions, others, metrics, extras)))
        progress(len(rounds), fewest)
    return {name: float(np.mean([scores[name] for scores in rounds])) for name in rounds[0]}


def _extras(corpus: Texts | None) -> Extras:
    return Extras(corpus=tokenize_all(corpus.values()) if corpus else None)
