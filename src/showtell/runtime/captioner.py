"""`Captioner`: photo in, sentence out, on ONNX Runtime alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from showtell.bundle import ENCODER, START, STEP, Bundle, find_bundle, load_bundle
from showtell.config import BeamConfig
from showtell.decoding import Hypothesis, search
from showtell.images import ImageSource, PreparedImage, prepare
from showtell.runtime.session import make_session
from showtell.runtime.stepper import OnnxStepper
from showtell.text import detokenize


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
    candidates: tuple[Candidate, ...]  # best first; the first is this caption
    width: int  # pixels of the photo, upright
    height: int


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
        iterator = iter(images)
        while batch := [self._as_prepared(image) for image in islice(iterator, batch_size)]:
            features = self.encode_images(np.stack([image.pixels for image in batch]))
            found = self.search(features, config)
            for image, hypotheses in zip(batch, found, strict=True):
                yield self._as_caption(image, hypotheses)

    def prepare(self, image: ImageSource, *, name: str | None = None) -> PreparedImage:
        """Decode and normalise a photo as this model's encoder wants it.

        Args:
            name: what to call the photo in messages, where `image` is not a path.

        Raises:
            ImageError: not a picture we can read.
        """
        return prepare(image, self.bundle.manifest.preprocessing, name=name)

    def encode_images(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the CNN: pixels (B, 3, size, size) to the features (B, L, D) the decoder reads."""
        kind = self.bundle.manifest.encoder.features
        (features,) = self._encoder.run([kind], {"pixels": pixels})
        return features

    def search(
        self, features: NDArray[np.float32], config: BeamConfig | None = None
    ) -> list[list[Hypothesis]]:
        """Find captions as token ids for features (B, L, D), best first."""
        stepper = OnnxStepper(self._start, self._step, features)
        return search(stepper, config or self.bundle.manifest.decoding)

    def _as_prepared(self, image: ImageSource | PreparedImage) -> PreparedImage:
        return image if isinstance(image, PreparedImage) else self.prepare(image)

    def _as_caption(self, image: PreparedImage, hypotheses: Sequence[Hypothesis]) -> Caption:
        candidates = tuple(
            Candidate(
                detokenize(self.bundle.vocabulary.decode(hypothesis.token_ids)),
                hypothesis.log_prob,
                hypothesis.score,
                hypothesis.finished,
            )
            for hypothesis in hypotheses
        )
        best = candidates[0]
        return Caption(best.text, best.log_prob, candidates, image.width, image.height)
