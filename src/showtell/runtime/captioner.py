"""`Captioner`: photo in, sentence out, on ONNX Runtime alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.bundle import ENCODER, START, STEP, Bundle, find_bundle, load_bundle
from showtell.claims import sentence
from showtell.config import BeamConfig
from showtell.decoding import Hypothesis, choose, propose
from showtell.errors import ConfigError
from showtell.images import ImageSource, PreparedImage, prepare
from showtell.runtime.concepts import Concept, likeliest
from showtell.runtime.confidence import Confidence, evidence_of
from showtell.runtime.session import make_session
from showtell.runtime.stepper import OnnxStepper


@dataclass(frozen=True)
class Candidate:
    """One of the sentences that the search considered."""

    text: str
    log_prob: float  # of the whole sentence, nats
    score: float  # what ranks: length-normalised log-probability, or agreement with the others
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
        neutral = (config or self.bundle.manifest.decoding).neutral
        iterator = iter(images)
        while batch := [self._as_prepared(image) for image in islice(iterator, batch_size)]:
            encoded = self.encode(np.stack([image.pixels for image in batch]))
            found = self.search(encoded, config)
            sure = self._confidences(found, encoded.pooled, config)
            shown = self._concepts(encoded)
            for parts in zip(batch, found, sure, shown, strict=True):
                yield self._as_caption(*parts, neutral=neutral)

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
        return choose(self.hypotheses(encoded, config), config)

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

    def _confidences(
        self,
        found: Sequence[Sequence[Hypothesis]],
        pooled: NDArray[np.float32],
        config: BeamConfig | None,
    ) -> Sequence[float | None]:
        """How sure to be of each caption, where the model is calibrated for this search."""
        own = self.bundle.manifest.decoding
        if self._confidence is None or not (config or own).finds_the_same_as(own):
            return [None] * len(found)
        evidence = [evidence_of(hypotheses) for hypotheses in found]
        return [float(p) for p in self._confidence.probability(evidence, pooled)]

    def _concepts(self, encoded: Encoded) -> list[tuple[Concept, ...]]:
        """What each photo shows, where the model has concepts."""
        if self.bundle.concepts is None or encoded.concepts is None:
            return [()] * len(encoded.features)
        words = self.bundle.concepts.words
        return [likeliest(words, probabilities) for probabilities in encoded.concepts]

    def _as_caption(
        self,
        image: PreparedImage,
        hypotheses: Sequence[Hypothesis],
        confidence: float | None,
        concepts: tuple[Concept, ...],
        *,
        neutral: bool,
    ) -> Caption:
        said: dict[str, Candidate] = {}
        for found in hypotheses:
            text = sentence(self.bundle.vocabulary.decode(found.token_ids), neutral=neutral)
            # Of those that neutral words have made alike, the best.
            said.setdefault(text, Candidate(text, found.log_prob, found.score, found.finished))
        candidates = tuple(said.values())
        best = candidates[0]
        size = image.width, image.height
        return Caption(best.text, best.log_prob, confidence, candidates, concepts, *size)
