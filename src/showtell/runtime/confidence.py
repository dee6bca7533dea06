"""How sure to be of a caption: a calibrated probability that it is a good description.

    P(good) = P(the picture is like those the model learned from) · P(good | it is)

Each factor is a logistic regression. The second reads what the search says of its own caption,
`Evidence`, and is fitted on photos whose captions were compared with people's. A screenshot can
have a caption that the decoder is sure of, so the first reads how large the picture's pooled
features are and how far from those of the photos that the model learned from, and is fitted on
pictures that are no photos.

`showtell.calibration` fits them. NumPy only. Shapes: B pictures, D feature width, K axes.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.decoding import Hypothesis
from showtell.decoding.consensus import expected_agreement
from showtell.errors import BundleError, one_line
from showtell.runtime.arrays import read_arrays

Floats = NDArray[np.float64]
VOTES = 4.0  # nats; the temperature of hypotheses' votes, whatever the search chooses by


class Evidence(NamedTuple):
    """What a search says of the caption it chose.

    A model with a chooser has the numbers of `showtell.runtime.chooser.NAMES` after these.
    """

    log_prob: float  # nats a token, `<end>` among them
    words: float
    agreement: float  # of all hypotheses with it, 0 to 1
    margin: float  # nats by which it is likelier than the likeliest other; negative if it is not


def evidence_of(hypotheses: Sequence[Hypothesis]) -> Evidence:
    """Describe the first of some hypotheses of one image, best first."""
    best, others = hypotheses[0], hypotheses[1:]
    words = len(best.token_ids)
    rival = max((other.log_prob for other in others), default=best.log_prob)
    return Evidence(
        log_prob=best.log_prob / (words + 1),
        words=float(words),
        agreement=float(expected_agreement(hypotheses, VOTES)[0]),
        margin=best.log_prob - rival,
    )


@dataclass(frozen=True)
class Logistic:
    """A logistic regression of F numbers."""

    weights: Floats  # (F,)
    bias: float

    def probability(self, values: Floats) -> Floats:
        """Of each row of values (B, F): (B,)."""
        scores = np.clip(values @ self.weights + self.bias, -50, 50)
        return 1 / (1 + np.exp(-scores))


@dataclass(frozen=True)
class Domain:
    """Where the pooled features of the train photos lie: a mean and the axes of most variance."""

    mean: Floats  # (D,)
    axes: Floats  # (K, D) orthonormal
    spread: Floats  # (K,) standard deviation along each

    def measure(self, pooled: NDArray[np.floating[Any]]) -> Floats:
        """Say how far pictures (B, D) are from the train photos, and how much is in them: (B, 5).

        Logarithms of the distance along the axes (Mahalanobis', per axis) and of that off them
        (Euclid's), and of the features' sum, length and largest, which are small where little is
        to be seen.
        """
        features = pooled.astype(np.float64)
        centred = features - self.mean
        along = centred @ self.axes.T
        off = np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0)
        mahalanobis = ((along / self.spread) ** 2).mean(axis=1)
        sizes = np.abs(features)
        values = [
            np.sqrt(mahalanobis),
            np.sqrt(off),
            sizes.sum(axis=1),
            np.linalg.norm(features, axis=1),
            sizes.max(axis=1),
        ]
        return np.log(np.maximum(np.stack(values, axis=1), 1e-6))


@dataclass(frozen=True)
class Confidence:
    """What a calibrated model carries."""

    good: Logistic  # of `Evidence`
    known: Logistic  # of `Domain.measure`
    domain: Domain

    def probability(
        self, evidence: Sequence[Sequence[float]], pooled: NDArray[np.floating[Any]]
    ) -> Floats:
        """Of each of B captions: (B,), 0 to 1.

        Args:
            evidence: of each, `Evidence` and what may come after it.
            pooled: (B, D) the encoder's pooled features of the pictures.
        """
        if not evidence:
            return np.zeros(0)
        known = self.known.probability(self.domain.measure(pooled))
        return known * self.good.probability(np.array(evidence))

    def to_bytes(self) -> bytes:
        """Write as an npz of arrays, the large ones as float16."""
        file = io.BytesIO()
        np.savez(
            file,
            good=np.append(self.good.weights, self.good.bias),
            known=np.append(self.known.weights, self.known.bias),
            mean=self.domain.mean.astype(np.float32),
            axes=self.domain.axes.astype(np.float16),
            spread=self.domain.spread.astype(np.float32),
        )
        return file.getvalue()

    def check(self, *, evidence: int, width: int) -> None:
        """See that it is of the model that it came with.

        Args:
            evidence: how many numbers that model gives of each caption.
            width: D, of that model's pooled features.

        Raises:
            BundleError: it is of another.
        """
        found = len(self.good.weights), len(self.domain.mean)
        if found != (evidence, width):
            raise BundleError(
                f"the calibration is of another model: it reads {found[0]} numbers of a caption "
                f"and {found[1]} of a picture, this one has {evidence} and {width}"
            )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Confidence":
        """Read what `to_bytes` wrote.

        Raises:
            BundleError: it is not that.
        """
        try:
            arrays = read_arrays(data, ("good", "known", "mean", "axes", "spread"))
            good, known, mean, axes, spread = arrays.values()
            fits = axes.shape == (*spread.shape, *mean.shape) and known.shape == (6,)
            fits = fits and axes.ndim == 2 and spread.min() > 0
            if not (fits and good.ndim == 1 and len(good) > len(Evidence._fields)):
                raise ValueError("its arrays do not fit each other")
        except Exception as error:  # NumPy and zipfile share no error class
            raise BundleError(f"the calibration cannot be read: {one_line(error)}") from error
        return cls(
            Logistic(good[:-1], float(good[-1])),
            Logistic(known[:-1], float(known[-1])),
            Domain(mean, axes, spread),
        )
