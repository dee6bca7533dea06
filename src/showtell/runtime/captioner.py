"""`Captioner`: photo in, sentence out, on ONNX Runtime alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.bundle import ENCODER, START, STEP, Bundle, find_bundle, load_bundle
from showtell.claims import saying_no_gender, without_new_repeats
from showtell.concepts import Concepts
from showtell.concepts.mentions import Mentions
from showtell.config import BeamConfig
from showtell.decoding import Hypothesis, choose, propose
from showtell.errors import ConfigError
from showtell.images import ImageSource, PreparedImage, prepare
from showtell.runtime.chooser import evidence_with
from showtell.runtime.concepts import Concept, likeliest
from showtell.runtime.confidence import Confidence, evidence_of
from showtell.runtime.doubts import Votes
from showtell.runtime.opinion import Opinion
from showtell.runtime.session import make_session
from showtell.runtime.shown import Shown
from showtell.runtime.stepper import OnnxStepper
from showtell.text import detokenize


@dataclass(frozen=True)
class Candidate:
    """One of the sentences that the search considered."""

    text: str
    log_prob: float  # of the whole sentence, nats
    score: float  # what ranks: length-normalised log-probability, agreement, or the chooser's
    finished: bool  # whether the decoder ended it, or `max_length` cut it off


@dataclass(frozen=True)
class Caption:
    """What a model says of one photo."""

    text: str  # a sentence
    log_prob: float  # nats
    confidence: float | None  # probability that it is a good description; None: not calibrated
    candidates: tuple[Candidate, ...]  # best first; the first is this caption
    concepts: tuple[Concept, ...]  # what the photo shows, likeliest first; (): not known
    width: int  # pixels of the photo, upright
    height: int


class Encoded(NamedTuple):
    """What the encoder sees in B photos."""

    features: NDArray[np.float32]  # (B, L, D) as the decoder reads them
    pooled: NDArray[np.float32]  # (B, D) their mean
    concepts: NDArray[np.float32] | None  # (B, C) probabilities, of a model that has concepts


NOTHING_KNOWN = Shown(Mentions(Concepts(())), np.zeros(0))  # of a model without concepts


class Captioner:
    """A model, loaded and ready.

    >>> Captioner.load().caption("photo.jpg").text  # doctest: +SKIP
    'A dog runs through the grass.'
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        """Start ONNX Runtime on a bundle's graphs.

        Args:
            threads: for each graph; the available cores, at most 8, if not given.
        """
        self.bundle = bundle
        self._encoder, self._start, self._step = (
            make_session(bundle.graphs[name], name=f"{bundle.path}: {name}", threads=threads)
            for name in (ENCODER, START, STEP)
        )
        data = bundle.confidence
        self._confidence = Confidence.from_bytes(data) if data is not None else None
        self._opinion = Opinion.from_bytes(bundle.chooser) if bundle.chooser is not None else None
        self.mentions = Mentions(bundle.concepts) if bundle.concepts else None

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int | None = None) -> "Captioner":
        """Load a model by name or path; the default model that comes with the install if neither.

        Raises:
            UnknownModelError: no model of that name.
            BundleError: it is incomplete, altered or of a newer format.
        """
        return cls(load_bundle(find_bundle(model)), threads=threads)

    def caption(self, image: ImageSource, config: BeamConfig | None = None) -> Caption:
        """Describe one photo.

        Args:
            image: a path, the bytes of a picture file, or a Pillow image.
            config: how to search; as the bundle says if not given.

        Raises:
            ImageError: not a picture we can read.
        """
        return next(self.caption_many([image], config))

    def caption_many(
        self,
        images: Iterable[ImageSource | PreparedImage],
        config: BeamConfig | None = None,
        *,
        batch_size: int = 16,
    ) -> Iterator[Caption]:
        """Describe many photos, in order, holding `batch_size` of them in memory at once.

        Raises:
            ImageError: at the first that is not a picture we can read. To go on past bad files,
                `prepare` each yourself and pass on those that succeed.
        """
        config = config or self.bundle.manifest.decoding
        iterator = iter(images)
        while batch := [self._as_prepared(image) for image in islice(iterator, batch_size)]:
            encoded = self.encode(np.stack([image.pixels for image in batch]))
            found = self.search(encoded, config)
            sure = self._confidences(found, encoded, config)
            for i, image in enumerate(batch):
                said = self._say(found[i], self.shown(encoded, i), config)
                yield Caption(
                    said[0].text,
                    said[0].log_prob,
                    sure[i],
                    said,
                    self._concepts(encoded, i),
                    image.width,
                    image.height,
                )

    def encode_many(
        self, images: Iterable[PreparedImage], *, batch_size: int = 16
    ) -> Iterator[Encoded]:
        """Run the CNN over many photos, `batch_size` at once."""
        iterator = iter(images)
        while batch := [image.pixels for image in islice(iterator, batch_size)]:
            yield self.encode(np.stack(batch))

    def prepare(self, image: ImageSource, *, name: str | None = None) -> PreparedImage:
        """Decode and normalise a photo as this model's encoder wants it.

        Args:
            name: what to call the photo in messages, where `image` is not a path.

        Raises:
            ImageError: not a picture we can read.
        """
        return prepare(image, self.bundle.manifest.preprocessing, name=name)

    def encode(self, pixels: NDArray[np.float32]) -> Encoded:
        """Run the CNN over pixels (B, 3, size, size)."""
        kind = self.bundle.manifest.encoder.features
        names = ["grid", "pooled", *(["concepts"] if self.bundle.concepts else [])]
        grid, pooled, *concepts = self._encoder.run(names, {"pixels": pixels})
        features = grid if kind == "grid" else pooled
        return Encoded(features, pooled[:, 0], concepts[0] if concepts else None)

    def search(self, encoded: Encoded, config: BeamConfig | None = None) -> list[list[Hypothesis]]:
        """Find captions as token ids for B photos, best first.

        Raises:
            ConfigError: as `hypotheses`.
        """
        config = config or self.bundle.manifest.decoding
        if (config.chooser or config.cautious) and not (self._opinion and self.mentions):
            name = self.bundle.manifest.name
            raise ConfigError(f"chooser, cautious: {name} has none; `showtell calibrate` fits it")
        found = self.hypotheses(encoded, config)
        if not (config.chooser and self._opinion):
            return choose(found, config)
        return [
            self._opinion.chooser(hypotheses, self.words(hypotheses), self.shown(encoded, i))
            for i, hypotheses in enumerate(found)
        ]

    def hypotheses(
        self, encoded: Encoded, config: BeamConfig | None = None
    ) -> list[list[Hypothesis]]:
        """Find what `search` chooses from, likeliest first for their length.

        Where `config.unseen`, of two searches at once: with the photo, and with all-zero features,
        which say that the photo is not shown, so that its concepts are all there is to go by.

        Raises:
            ConfigError: it asks for that, and this model's decoder does not look at concepts.
        """
        config = config or self.bundle.manifest.decoding
        looked_at = [wanted.name for wanted in self._start.get_inputs()]
        if config.unseen and "concepts" not in looked_at:
            name = self.bundle.manifest.name
            raise ConfigError(f"unseen: the decoder of {name} does not look at concepts")
        stepper = OnnxStepper(
            self._start, self._step, encoded.features, encoded.concepts, unseen=config.unseen
        )
        return propose(stepper, config, dangling=self.bundle.vocabulary.dangling_ids)

    def _as_prepared(self, image: ImageSource | PreparedImage) -> PreparedImage:
        return image if isinstance(image, PreparedImage) else self.prepare(image)

    def words(self, hypotheses: Sequence[Hypothesis]) -> list[list[str]]:
        """Give the words of each hypothesis."""
        return [self.bundle.vocabulary.decode(found.token_ids) for found in hypotheses]

    def shown(self, encoded: Encoded, image: int) -> Shown:
        """Tell what is known of one of the photos apart from its captions: its concepts."""
        if self.mentions is None or encoded.concepts is None:
            return NOTHING_KNOWN
        return Shown(self.mentions, encoded.concepts[image])

    def _evidence(
        self, found: Sequence[Sequence[Hypothesis]], encoded: Encoded
    ) -> list[Sequence[float]]:
        """Give what confidence reads of each photo's hypotheses, best first."""
        if self._opinion is None:
            return [evidence_of(hypotheses) for hypotheses in found]
        return [
            evidence_with(hypotheses, self.words(hypotheses), self.shown(encoded, i))
            for i, hypotheses in enumerate(found)
        ]

    def _confidences(
        self, found: Sequence[Sequence[Hypothesis]], encoded: Encoded, config: BeamConfig
    ) -> Sequence[float | None]:
        """How sure to be of each caption, where the model is calibrated for this search."""
        if self._confidence is None:
            return [None] * len(found)
        if not config.finds_the_same_as(self.bundle.manifest.decoding):
            return [None] * len(found)
        probs = self._confidence.probability(self._evidence(found, encoded), encoded.pooled)
        return [float(p) for p in probs]

    def _concepts(self, encoded: Encoded, image: int) -> tuple[Concept, ...]:
        """What a photo shows, where the model has concepts."""
        if self.bundle.concepts is None or encoded.concepts is None:
            return ()
        return likeliest(self.bundle.concepts.words, encoded.concepts[image])

    def _say(
        self, hypotheses: Sequence[Hypothesis], shown: Shown, config: BeamConfig
    ) -> tuple[Candidate, ...]:
        """Write hypotheses as sentences; of those that then are alike, the best."""
        tokens = self.words(hypotheses)
        less = tokens
        if config.cautious and self._opinion:
            votes = Votes(hypotheses, tokens)
            less = [self._opinion.doubts.settle(words, votes, shown) for words in tokens]
        if config.neutral:
            less = [saying_no_gender(words) for words in less]
        said: dict[str, Candidate] = {}
        for i in without_new_repeats(tokens, less):
            text, found = detokenize(less[i]), hypotheses[i]
            said.setdefault(text, Candidate(text, found.log_prob, found.score, found.finished))
        return tuple(said.values())
