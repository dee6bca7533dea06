"""`Captioner`: photo in, sentence out, on ONNX Runtime alone."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from showtell.bundle import ENCODER, START, STEP, Bundle, find_bundle, load_bundle
from showtell.claims import saying_no_gender, without_new_repeats
from showtell.concepts import Concepts
from showtell.concepts.mentions import Mentions
from showtell.config import BeamConfig, override
from showtell.decoding import Hypothesis, choose, propose
from showtell.errors import BundleError, ConfigError
from showtell.images import MAX_IMAGE_MPIXELS, ImageSource, PreparedImage, prepare
from showtell.runtime.caption import Candidate, Caption, ModelInfo
from showtell.runtime.checks import check_encoded, check_names
from showtell.runtime.chooser import NAMES, evidence_with
from showtell.runtime.concepts import Concept, likeliest
from showtell.runtime.confidence import Confidence, Evidence, evidence_of
from showtell.runtime.doubts import Votes
from showtell.runtime.opinion import Opinion
from showtell.runtime.session import make_session
from showtell.runtime.shown import Shown
from showtell.runtime.stepper import OnnxStepper
from showtell.text import detokenize


class Encoded(NamedTuple):
    """What the encoder sees in B photos."""

    features: NDArray[np.float32]  # (B, L, D) as the decoder reads them
    pooled: NDArray[np.float32]  # (B, D) their mean
    concepts: NDArray[np.float32] | None  # (B, C) probabilities, of a model that has concepts


NOTHING_KNOWN = Shown(Mentions(Concepts(())), np.zeros(0))  # of a model without concepts


class Captioner:
    """A model, loaded and ready. Any number of threads may use it at once.

    >>> Captioner.load().caption("photo.jpg").text  # doctest: +SKIP
    'A dog runs through the grass.'
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        """Start ONNX Runtime on a bundle's graphs.

        Args:
            threads: for each graph; the available cores, at most 8, if not given.

        Raises:
            BundleError: its parts do not fit each other. What only shows when they run is raised
                by the first caption.
        """
        self.bundle = bundle
        self._encoder, self._start, self._step = (
            make_session(bundle.graphs[name], name=f"{bundle.path}: {name}", threads=threads)
            for name in (ENCODER, START, STEP)
        )
        with self._naming_bundle():
            data = bundle.confidence
            self._confidence = None if data is None else Confidence.from_bytes(data)
            data = bundle.chooser
            self._opinion = None if data is None else Opinion.from_bytes(data)
        self.mentions = Mentions(bundle.concepts) if bundle.concepts else None
        self._check_bundle()

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int | None = None) -> "Captioner":
        """Load a model by name or path; the default model that comes with the install if neither.

        Raises:
            UnknownModelError: no model of that name.
            BundleError: it is incomplete, altered or of a newer format.
        """
        return cls(load_bundle(find_bundle(model)), threads=threads)

    @property
    def model(self) -> ModelInfo:
        """Which model this is."""
        manifest = self.bundle.manifest
        return ModelInfo(manifest.name, manifest.version, manifest.sha256)

    def search_config(self, config: BeamConfig | None = None, **search: Any) -> BeamConfig:
        """Give the model's own search settings, some of them changed.

        Args:
            config: a whole search to change instead of the model's own. What it does not name is
                as `BeamConfig` has it by default, not as the model has it.
            search: settings by the names of `BeamConfig`'s fields, which are those of the command
                line's options: `beam_size=5`. None is as if not given.

        Raises:
            ConfigError: a setting is unknown, out of range, or nothing that this model can do.
            TypeError: `config` is no `BeamConfig`.
        """
        config = self.bundle.manifest.decoding if config is None else config
        if not isinstance(config, BeamConfig):
            raise TypeError(f"config must be a BeamConfig, got {type(config).__name__}")
        changed = override(config, search)
        self._check_search(changed)
        return changed

    def caption(
        self,
        image: ImageSource | PreparedImage,
        config: BeamConfig | None = None,
        *,
        max_image_mpixels: float = MAX_IMAGE_MPIXELS,
        **search: Any,
    ) -> Caption:
        """Describe one photo.

        Args:
            image: a path, the bytes of a picture file (bytes, bytearray, memoryview), a file opened
                in binary mode, a Pillow image, a NumPy array of uint8, (H, W, 3) or (H, W), or what
                `prepare` gave.
            config, search: changes of how the model searches by itself, as `search_config` takes
                them: `caption(photo, beam_size=5)`.
            max_image_mpixels: refuse a picture of more megapixels.

        Raises:
            ImageError: not a picture we can read.
            ConfigError: as `search_config`.
            BundleError: the model turns out to be damaged.
            TypeError: nothing that a picture can be in.
        """
        (caption,) = self.caption_many(
            [image], config, batch_size=1, max_image_mpixels=max_image_mpixels, **search
        )
        return caption

    def caption_many(
        self,
        images: Iterable[ImageSource | PreparedImage],
        config: BeamConfig | None = None,
        *,
        batch_size: int = 16,
        max_image_mpixels: float = MAX_IMAGE_MPIXELS,
        **search: Any,
    ) -> Iterator[Caption]:
        """Describe many photos, in order, holding `batch_size` of them in memory at once.

        Args:
            images: each as `caption` takes it.

        Raises:
            ConfigError, at once: as `caption`, or `batch_size` is not 1 or more.
            TypeError, at once: one picture, not many.
            ImageError: at the first batch with a picture that we cannot read. To go on past bad
                files, `prepare` each yourself and pass on those that succeed.
        """
        _refuse_one(images)
        decoding = self.search_config(config, **search)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ConfigError(f"batch_size must be at least 1, got {batch_size!r}")
        prepared = (self._as_prepared(image, max_image_mpixels) for image in images)
        return self._captions(prepared, decoding, batch_size)

    def _captions(
        self, images: Iterator[PreparedImage], decoding: BeamConfig, batch_size: int
    ) -> Iterator[Caption]:
        while batch := list(islice(images, batch_size)):
            encoded = self.encode(np.stack([image.pixels for image in batch]))
            found = self.search(encoded, decoding)
            sure = self._confidences(found, encoded, decoding)
            for i, image in enumerate(batch):
                said = self._say(found[i], self.shown(encoded, i), decoding)
                yield Caption(
                    text=said[0].text,
                    log_prob=said[0].log_prob,
                    confidence=sure[i],
                    candidates=said,
                    concepts=self._concepts(encoded, i),
                    width=image.width,
                    height=image.height,
                    frame=image.frame,
                    model=self.model,
                    decoding=decoding,
                )

    def encode_many(
        self, images: Iterable[PreparedImage], *, batch_size: int = 16
    ) -> Iterator[Encoded]:
        """Run the CNN over many photos, `batch_size` at once."""
        iterator = iter(images)
        while batch := [image.pixels for image in islice(iterator, batch_size)]:
            yield self.encode(np.stack(batch))

    def prepare(
        self,
        image: ImageSource,
        *,
        name: str | None = None,
        max_image_mpixels: float = MAX_IMAGE_MPIXELS,
    ) -> PreparedImage:
        """Decode and normalise a photo as this model's encoder wants it.

        Args:
            name: what to call the photo in messages, where `image` is not a path.
            max_image_mpixels: refuse a picture of more megapixels.

        Raises:
            ImageError: not a picture we can read.
            TypeError: nothing that a picture can be in.
        """
        return prepare(
            image,
            self.bundle.manifest.preprocessing,
            name=name,
            max_image_mpixels=max_image_mpixels,
        )

    def encode(self, pixels: NDArray[np.float32]) -> Encoded:
        """Run the CNN over pixels (B, 3, size, size).

        Raises:
            BundleError: it is damaged: it gives something else than features, or no numbers.
        """
        kind = self.bundle.manifest.encoder.features
        names = ["grid", "pooled", *(["concepts"] if self.bundle.concepts else [])]
        grid, pooled, *concepts = self._encoder.run(names, {"pixels": pixels})
        num_concepts = len(self.bundle.concepts or ())
        check_encoded(self._encoder.name, len(pixels), num_concepts, grid, pooled, *concepts)
        if self._confidence is not None:
            evidence = len(Evidence._fields) + (len(NAMES) if self._opinion else 0)
            with self._naming_bundle():
                self._confidence.check(evidence=evidence, width=pooled.shape[-1])
        features = grid if kind == "grid" else pooled
        return Encoded(features, pooled[:, 0], concepts[0] if concepts else None)

    def search(self, encoded: Encoded, config: BeamConfig | None = None) -> list[list[Hypothesis]]:
        """Find captions as token ids for B photos, best first.

        Raises:
            ConfigError, BundleError: as `hypotheses`.
        """
        config = config or self.bundle.manifest.decoding
        self._check_search(config)
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
            BundleError: the decoder is damaged, and has nothing to say.
        """
        config = config or self.bundle.manifest.decoding
        self._check_search(config)
        vocabulary = self.bundle.vocabulary
        stepper = OnnxStepper(
            self._start,
            self._step,
            encoded.features,
            encoded.concepts,
            unseen=config.unseen,
            vocabulary_size=len(vocabulary),
        )
        found = propose(stepper, config, dangling=vocabulary.dangling_ids)
        if not all(one and all(h.token_ids for h in one) for one in found):
            raise BundleError(f"{self._step.name} finds no word to say of a photo")
        return found

    def _as_prepared(
        self, image: ImageSource | PreparedImage, max_image_mpixels: float
    ) -> PreparedImage:
        if not isinstance(image, PreparedImage):
            return self.prepare(image, max_image_mpixels=max_image_mpixels)
        size = self.bundle.manifest.preprocessing.size
        if image.pixels.shape != (3, size, size):
            raise ConfigError(
                f"a picture was prepared for another model: its pixels are {image.pixels.shape}, "
                f"{self.model.name} takes {(3, size, size)}"
            )
        return image

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

    def _check_search(self, config: BeamConfig) -> None:
        """Refuse settings that ask for what this model does not have."""
        name = self.model.name
        if (config.chooser or config.cautious) and not (self._opinion and self.mentions):
            raise ConfigError(f"chooser, cautious: {name} has none; `showtell calibrate` fits it")
        if config.unseen and "concepts" not in self._start.inputs:
            raise ConfigError(f"unseen: the decoder of {name} does not look at concepts")

    def _check_bundle(self) -> None:
        """Refuse a bundle whose parts do not fit each other."""
        check_names(self._encoder, self._start, self._step, concepts=self.mentions is not None)
        with self._naming_bundle():
            if self._opinion and not self.mentions:
                raise BundleError("it has a chooser, and no concepts for it to ask")
            self._check_search(self.bundle.manifest.decoding)

    @contextmanager
    def _naming_bundle(self) -> Iterator[None]:
        """Let what is wrong with the bundle be an error that names it."""
        try:
            yield
        except (BundleError, ConfigError) as error:
            raise BundleError(f"{self.bundle.path}: {error}") from error


def _refuse_one(images: object) -> None:
    """Refuse a single picture where many are wanted: its letters or rows are no pictures."""
    one = isinstance(images, str | bytes | bytearray | memoryview | PathLike | Image.Image)
    rows = isinstance(images, np.ndarray) and images.ndim < 4
    if one or rows or isinstance(images, PreparedImage) or hasattr(images, "read"):
        raise TypeError(
            "caption_many takes many pictures, such as a list; for one there is caption"
        )
