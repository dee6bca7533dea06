"""A second opinion on what the decoder proposes: `chooser.npz` of a bundle.

The chooser ranks hypotheses by what the encoder names in the photo, and doubts withdraw the claims
that the photo does not settle. Both are a few dozen numbers.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showtell.errors import BundleError, one_line
from showtell.runtime.arrays import read_arrays
from showtell.runtime.chooser import NAMES, Chooser
from showtell.runtime.confidence import Logistic
from showtell.runtime.doubts import KINDS, NUM_EVIDENCE, Doubt, Doubts


@dataclass(frozen=True)
class Opinion:
    """What a bundle holds beside its graphs to judge their hypotheses."""

    chooser: Chooser
    doubts: Doubts

    def to_bytes(self) -> bytes:
        """Write as an npz of arrays."""
        doubts = [self.doubts.of[kind] for kind in KINDS]
        gender, count, colour = (np.append(d.holds.weights, d.holds.bias) for d in doubts)
        file = io.BytesIO()
        np.savez(
            file,
            chooser=self.chooser.weights,
            thresholds=np.array([doubt.threshold for doubt in doubts]),
            gender=gender,
            count=count,
            colour=colour,
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Opinion":
        """Read what `to_bytes` wrote.

        Raises:
            BundleError: it is not that.
        """
        try:
            found = read_arrays(data, list(_shapes()))
            if {name: array.shape for name, array in found.items()} != _shapes():
                raise ValueError("its arrays are not those of this showtell")
        except Exception as error:  # NumPy and zipfile share no error class
            raise BundleError(f"the chooser cannot be read: {one_line(error)}") from error
        return cls(Chooser(found["chooser"]), Doubts(_doubts(found)))


def _shapes() -> dict[str, tuple[int, ...]]:
    of_claims = {kind: (NUM_EVIDENCE[kind] + 1,) for kind in KINDS}
    return {"chooser": (len(NAMES),), "thresholds": (len(KINDS),), **of_claims}


def _doubts(found: Mapping[str, NDArray[np.float64]]) -> dict[str, Doubt]:
    return {
        kind: Doubt(Logistic(found[kind][:-1], float(found[kind][-1])), float(threshold))
        for kind, threshold in zip(KINDS, found["thresholds"], strict=True)
    }
