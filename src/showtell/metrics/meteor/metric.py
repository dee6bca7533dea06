"""METEOR as a metric beside the others, in Python or by the original jar."""

from collections.abc import Sequence
from functools import cache

from showtell.metrics.meteor.java import MeteorJar
from showtell.metrics.meteor.scorer import Meteor
from showtell.metrics.meteor.statistics import meteor_formula
from showtell.metrics.ngrams import Floats
from showtell.metrics.reference_ngrams import check_lengths, check_references
from showtell.metrics.result import MetricResult
from showtell.progress import Progress, no_progress


def meteor(
    captions: Sequence[Sequence[str]],
    references: Sequence[Sequence[Sequence[str]]],
    *,
    progress: Progress = no_progress,
) -> MetricResult:
    """Score tokenised captions against the references of the same images.

    Raises:
        DataError: captions and images differ in number, or an image has no reference.
        MissingExtraError, DataError: as `Meteor.load`.
    """
    return _result("METEOR", "1.5", load_meteor(), captions, references, progress)


def meteor_java(
    captions: Sequence[Sequence[str]],
    references: Sequence[Sequence[Sequence[str]]],
    *,
    progress: Progress = no_progress,
) -> MetricResult:
    """Score likewise by the jar.

    Raises:
        DataError: captions and images differ in number, or an image has no reference.
        MissingExtraError, DataError: as `MeteorJar.load` and `MeteorJar.statistics`.
    """
    with MeteorJar.load() as jar:
        return _result("METEOR-java", "1.5-jar", jar, captions, references, progress)


@cache
def load_meteor() -> Meteor:
    """Load METEOR once; what it reads of the table of paraphrases serves later calls, too."""
    return Meteor.load()


def _result(
    name: str,
    version: str,
    engine: Meteor | MeteorJar,
    captions: Sequence[Sequence[str]],
    references: Sequence[Sequence[Sequence[str]]],
    progress: Progress,
) -> MetricResult:
    check_references(references)
    check_lengths(captions, references)
    statistics = engine.statistics(captions, references, progress=progress)
    return MetricResult((name,), statistics, _formula, {"meteor": version})


def _formula(statistics: Floats) -> Floats:
    return meteor_formula(statistics)[..., None]
