"""`score`: captions and references as people write them in, a report out."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from showtell.errors import ConfigError, DataError, first_few, suggest
from showtell.metrics.bleu import bleu
from showtell.metrics.cider import cider, cider_d
from showtell.metrics.meteor import MeteorJar, load_meteor, meteor, meteor_java
from showtell.metrics.report import Report
from showtell.metrics.result import MetricResult
from showtell.metrics.rouge import rouge_l
from showtell.metrics.signature import count_range, fingerprint
from showtell.metrics.tokenizer import ptb_tokenize
from showtell.progress import Progress, no_progress

NAMED_IN_ERRORS = 10  # how many images a message names

Texts = Mapping[str, Sequence[str]]  # image id -> what people wrote
Tokens = list[str]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What only some metrics need beside captions and references."""

    corpus: Sequence[Sequence[Tokens]] | None = None
    progress: Progress = no_progress

    @classmethod
    def of(cls, corpus: Texts | None, progress: Progress = no_progress) -> "Context":
        """Tokenise a corpus, if there is one."""
        documents = None if corpus is None else list(tokenize_all(corpus).values())
        return cls(corpus=documents, progress=progress)


@dataclass(frozen=True)
class Metric:
    """How to compute scores, and how to find out early that it cannot be done."""

    run: Callable[[Sequence[Tokens], Sequence[Sequence[Tokens]], Context], MetricResult]
    check: Callable[[], object] = lambda: None  # raises MissingExtraError or DataError


METRICS = {
    "bleu": Metric(lambda captions, humans, _: bleu(captions, humans)),
    "rouge_l": Metric(lambda captions, humans, _: rouge_l(captions, humans)),
    "cider": Metric(lambda captions, humans, more: cider(captions, humans, corpus=more.corpus)),
    "cider_d": Metric(lambda captions, humans, more: cider_d(captions, humans, corpus=more.corpus)),
    "meteor": Metric(
        lambda captions, humans, more: meteor(captions, humans, progress=more.progress),
        check=load_meteor,
    ),
    "meteor_java": Metric(
        lambda captions, humans, more: meteor_java(captions, humans, progress=more.progress),
        check=MeteorJar.load,
    ),
}
DEFAULT_METRICS = ("bleu", "rouge_l", "cider")


def score(
    captions: Mapping[str, str],
    references: Texts,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    corpus: Texts | None = None,
    allow_missing: bool = False,
    split: str | None = None,
    decoding: Mapping[str, str] | None = None,
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
        decoding: for the signature: how the captions were found.
        progress: of the metrics that take long.

    Raises:
        ConfigError: there is no metric of a name, or none is named.
        DataError: nothing to score, the ids differ, an image has no reference, or a text is
            missing or none; the message counts the images and names the first few.
        MissingExtraError: a metric needs a package that is not installed.
    """
    find_metrics(metrics)  # before any work
    check_captions(captions)
    humans = tokenize_references(references)
    context = Context.of(corpus, progress)
    unknown = captions.keys() - references.keys()
    refuse_images(
        unknown, "that no reference describes", f"; there are references of {next(iter(humans))}"
    )
    if not allow_missing:
        hint = "; allow_missing (--allow-missing) leaves such images out"
        refuse_images(references.keys() - captions.keys(), "without a caption", hint)
    ids = sorted(captions, key=str)
    described = [humans[image_id] for image_id in ids]
    conditions = {
        "tok": "ptb",
        "refs": count_range([len(of_one) for of_one in described]),
        "images": str(len(ids)),
        "missing": str(len(references) - len(ids) or ""),
        "data": fingerprint(described),
        "split": split or "",
    }
    hypotheses = [ptb_tokenize(captions[image_id]) for image_id in ids]
    return Report(
        image_ids=tuple(ids),
        results=measure(hypotheses, described, metrics, context),
        conditions={key: value for key, value in conditions.items() if value},
        decoding=decoding or {},
    )


def measure(
    captions: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    metrics: Sequence[str] = DEFAULT_METRICS,
    context: Context = Context(),
) -> tuple[MetricResult, ...]:
    """Score tokenised captions against the references of the same images, by each metric."""
    return tuple(
        metric.run(captions, references, context) for metric in find_metrics(metrics).values()
    )


def find_metrics(names: Sequence[str]) -> dict[str, Metric]:
    """Give the metrics of these names, ready to be used; one named twice only once.

    Raises:
        ConfigError: there is none of a name, or no name.
        MissingExtraError: one needs a package, or Java, that is not installed.
        DataError: a package that one needs is damaged.
    """
    if not names:
        raise ConfigError(f"no metric is named; there are {', '.join(METRICS)}")
    found = {}
    for name in [names] if isinstance(names, str) else names:
        key = name.lower().replace("-", "_")
        if key not in METRICS:
            raise ConfigError(f"no metric {name!r}. {suggest(key, METRICS)}")
        METRICS[key].check()
        found[key] = METRICS[key]
    return found


def tokenize_references(references: Texts) -> dict[str, list[Tokens]]:
    """Tokenise what is to be scored against.

    Raises:
        DataError: there is nothing, or as `tokenize_all`.
    """
    if not references:
        raise DataError("there are no references")
    return tokenize_all(references)


def tokenize_all(texts: Texts) -> dict[str, list[Tokens]]:
    """Tokenise the captions of each image.

    Raises:
        DataError: some image has none, an empty one, or something that is not text.
    """
    for image_id, of_one in texts.items():
        if isinstance(of_one, str) or not isinstance(of_one, Sequence):
            raise DataError(f"the references of {image_id!r} must be a list, got {of_one!r}")
        if not all(isinstance(text, str) for text in of_one):
            raise DataError(f"the references of {image_id!r} must be text, got {of_one!r}")
    refuse_images({i for i, of_one in texts.items() if not of_one}, "with no reference at all")
    empty = {i for i, of_one in texts.items() if not all(text.strip() for text in of_one)}
    refuse_images(empty, "with an empty reference")
    return {i: [ptb_tokenize(text) for text in of_one] for i, of_one in texts.items()}


def check_captions(captions: Mapping[str, str]) -> None:
    """Refuse no captions, and what is not text.

    Raises:
        DataError: so it is.
    """
    if not captions:
        raise DataError("there are no captions to score")
    for image_id, caption in captions.items():
        if not isinstance(caption, str):
            raise DataError(f"the caption of {image_id!r} is not text: {caption!r}")


def refuse_images(found: Set[str], what: str, hint: str = "") -> None:
    """Refuse images, if there are any, with their number and the names of the first few.

    Raises:
        DataError: there are.
    """
    if found:
        images = "1 image" if len(found) == 1 else f"{len(found)} images"
        named = first_few(sorted(map(str, found)), NAMED_IN_ERRORS)
        raise DataError(f"{images} {what}: {named}{hint}")
