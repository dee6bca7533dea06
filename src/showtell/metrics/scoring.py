"""`score`: captions and references as people write them in, a report out."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from showtell.errors import ConfigError, DataError, suggest
from showtell.metrics.bleu import bleu
from showtell.metrics.cider import cider, cider_d
from showtell.metrics.meteor import MeteorJar, load_meteor, meteor, meteor_java
from showtell.metrics.references import fingerprint
from showtell.metrics.report import Report
from showtell.metrics.result import MetricResult
from showtell.metrics.rouge import rouge_l
from showtell.metrics.tokenizer import ptb_tokenize
from showtell.progress import Progress, no_progress

NAMED_IN_ERRORS = 10  # how many images a message names


Texts = Mapping[str, Sequence[str]]  # image id -> what people wrote
Captions = Sequence[Sequence[str]]  # tokenised
References = Sequence[Sequence[Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What only some metrics need."""

    corpus: References | None = None
    progress: Progress = no_progress


Metric = Callable[[Captions, References, Extras], MetricResult]

METRICS: dict[str, Metric] = {
    "bleu": lambda captions, references, _: bleu(captions, references),
    "rouge_l": lambda captions, references, _: rouge_l(captions, references),
    "cider": lambda captions, references, extras: cider(captions, references, corpus=extras.corpus),
    "cider_d": lambda captions, references, extras: cider_d(
        captions, references, corpus=extras.corpus
    ),
    "meteor": lambda captions, references, extras: meteor(
        captions, references, progress=extras.progress
    ),
    "meteor_java": lambda captions, references, extras: meteor_java(
        captions, references, progress=extras.progress
    ),
}
# Fails at once where something is not installed, rather than after a model has written captions.
_CHECKS: dict[str, Callable[[], object]] = {"meteor": load_meteor, "meteor_java": MeteorJar.load}
DEFAULT_METRICS = ("bleu", "rouge_l", "cider")


def score(
    captions: Mapping[str, str],
    references: Texts,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    corpus: Texts | None = None,
    allow_missing: bool = False,
    split: str | None = None,
    search: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Score captions against the references of the same images, as COCO-caption does.

    Args:
        captions: image id -> caption.
        references: image id -> what people wrote.
        metrics: names of `METRICS`.
        corpus: captions of other images, to take CIDEr's document frequencies from.
        allow_missing: leave out images that have no caption; the signature then shows it.
        split: for the signature: the part of the dataset.
        search: for the signature: how the captions were found.
        progress: of the metrics that take long.

    Raises:
        ConfigError: there is no metric of a name.
        DataError: nothing to score, the ids differ, an image has no reference, or a caption is
            not text; the message counts the images and names the first few.
        MissingExtraError: a metric needs a package that is not installed.
    """
    find_metrics(metrics)  # before any work
    _check_texts(references)
    if corpus is not None:
        _check_texts(corpus)
    _check_captions(captions, references, allow_missing=allow_missing)
    ids = sorted(captions)
    hypotheses = [ptb_tokenize(captions[image_id]) for image_id in ids]
    humans = tokenize_all(references[image_id] for image_id in ids)
    extras = Extras(corpus=tokenize_all(corpus.values()) if corpus else None, progress=progress)
    conditions = {
        "tok": "ptb",
        "refs": _range([len(refs) for refs in humans]),
        "images": str(len(ids)),
        "missing": str(len(references) - len(ids) or ""),
        "data": fingerprint(humans),
        "split": split or "",
    }
    return Report(
        image_ids=tuple(ids),
        results=measure(hypotheses, humans, metrics, extras),
        conditions={key: value for key, value in conditions.items() if value},
        search=search or {},
    )


def measure(
    captions: Captions,
    references: References,
    metrics: Sequence[str] = DEFAULT_METRICS,
    extras: Extras = Extras(),
) -> tuple[MetricResult, ...]:
    """Score tokenised captions against the references of the same images, by each metric."""
    return tuple(metric(captions, references, extras) for metric in find_metrics(metrics))


def find_metrics(names: Sequence[str]) -> list[Metric]:
    """Give the metrics of these names, ready to be used.

    Raises:
        ConfigError: there is none of a name.
        MissingExtraError: one needs a package, or Java, that is not installed.
    """
    found = []
    for name in names:
        key = name.replace("-", "_")
        if key not in METRICS:
            raise ConfigError(f"no metric {name!r}. {suggest(key, METRICS)}")
        if key in _CHECKS:
            _CHECKS[key]()
        found.append(METRICS[key])
    return found


def tokenize_all(texts: Iterable[Sequence[str]]) -> list[list[list[str]]]:
    """Tokenise the captions of each image."""
    return [[ptb_tokenize(text) for text in of_one_image] for of_one_image in texts]


def _check_texts(references: Texts) -> None:
    """Check that every image has a list of sentences, and at least one."""
    for image_id, texts in references.items():
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise DataError(f"the references of {image_id!r} must be a list of sentences")
    _refuse({i for i, texts in references.items() if not texts}, "images with no reference at all")


def _check_captions(captions: Mapping[str, str], references: Texts, *, allow_missing: bool) -> None:
    if not captions:
        raise DataError("there are no captions to score")
    for image_id, caption in captions.items():
        if not isinstance(caption, str):
            raise DataError(f"the caption of {image_id!r} is not text: {caption!r}")
    _refuse(captions.keys() - references.keys(), "captions of images without references")
    if not allow_missing:
        hint = "; allow_missing leaves such images out"
        _refuse(references.keys() - captions.keys(), "images without a caption", hint)


def _refuse(found: Set[str], what: str, hint: str = "") -> None:
    if found:
        named = ", ".join(sorted(found)[:NAMED_IN_ERRORS])
        more = ", …" if len(found) > NAMED_IN_ERRORS else ""
        raise DataError(f"{len(found)} {what}: {named}{more}{hint}")


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low}-{high}"
