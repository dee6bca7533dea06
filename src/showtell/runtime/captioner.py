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
from showtell.decoding import Hypothesis, search
from showtell.images import ImageSource, PreparedImage, prepare
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
    width: int  # pixels of the photo, upright
    height: int


class Encoded(NamedTuple):
    """What the encoder sees in B photos."""

    features: NDArray[np.float32]  # (B, L, D) as the decoder reads them
    pooled: NDArray[np.float32]  # (B, D) their mean


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
            found = self.search(encoded.features, config)
            sure = self._confidences(found, encoded.pooled, config)
            for image, hypotheses, confidence in zip(batch, found, sure, strict=True):
                yield self._as_caption(image, hypotheses, confidence, neutral=neutral)

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
        grid, pooled = self._encoder.run(["grid", "pooled"], {"pixels": pixels})
        return Encoded(grid if kind == "grid" else pooled, pooled[:, 0])

    def search(
        self, features: NDArray[np.float32], config: BeamConfig | None = None
    ) -> list[list[Hypothesis]]:
        """Find captions as token ids for features (B, L, D), best first."""
        stepper = OnnxStepper(self._start, self._step, features)
        return search(
            stepper,
            config or self.bundle.manifest.decoding,
            dangling=self.bundle.vocabulary.dangling_ids,
        )

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

    def _as_caption(
        self,
        image: PreparedImage,
        hypotheses: Sequence[Hypothesis],
        confidence: float | None,
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
        return Caption(best.text, best.log_prob, confidence, candidates, image.width, image.height)
