"""The search protocol over a bundle's start and step graphs."""

import numpy as np
from numpy.typing import NDArray

from showtell.runtime.session import InferenceSession


class OnnxStepper:
    """A decoder in the middle of its sentences (`showtell.decoding.Stepper`)."""

    def __init__(
        self,
        start: InferenceSession,
        step: InferenceSession,
        features: NDArray[np.float32],
        concepts: NDArray[np.float32] | None = None,
        *,
        unseen: bool = False,
    ) -> None:
        """Begin one sentence for each photo.

        Args:
            features: (B, L, D).
            concepts: (B, C); passed over where the start graph does not ask for them.
            unseen: begin another for each, told its concepts but not shown it; they come last.
        """
        if unseen:
            assert concepts is not None
            features = np.concatenate([features, np.zeros_like(features)])
            concepts = np.concatenate([concepts, concepts])
        self._step = step
        photos = {"features": features, "concepts": concepts}
        asked = {wanted.name: photos[wanted.name] for wanted in start.get_inputs()}
        names = [output.name for output in start.get_outputs()]
        self._state = dict(zip(names, start.run(names, asked), strict=True))
        self._image_of_row = np.arange(len(features))
        changing = [f"next_{name}" for name in names]
        found = {output.name for output in step.get_outputs()}
        self._outputs = ["log_probs", *(name for name in changing if name in found)]

    @property
    def num_rows(self) -> int:
        """R, the sentences now being written."""
        return len(next(iter(self._state.values())))

    def step(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read one token a row (R,); give log-probabilities of the next (R, V), in nats."""
        values = self._step.run(self._outputs, {"token_ids": token_ids, **self._state})
        outputs = dict(zip(self._outputs, values, strict=True))
        log_probs: NDArray[np.float32] = outputs.pop("log_probs")
        for name, value in outputs.items():
            self._state[name.removeprefix("next_")] = value
        return log_probs

    def select(self, rows: NDArray[np.int64]) -> None:
        """Make row i a copy of what was row `rows[i]`."""
        images = self._image_of_row[rows]
        # A search mostly reorders the rows of each image among themselves: what only depends on
        # the image, a grid of many locations, is then where it must be.
        moves = not np.array_equal(images, self._image_of_row)
        self._image_of_row = images
        self._state = {
            name: part[rows] if moves or f"next_{name}" in self._outputs else part
            for name, part in self._state.items()
        }
