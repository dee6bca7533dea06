"""The search protocol over a bundle's start and step graphs."""

import numpy as np
from numpy.typing import NDArray

from showtell.errors import BundleError
from showtell.runtime.session import InferenceSession

ROUNDING = 1e-3  # nats by which a log-probability may be above 0


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
        vocabulary_size: int | None = None,
    ) -> None:
        """Begin one sentence for each photo.

        Args:
            features: (B, L, D).
            concepts: (B, C); passed over where the start graph does not ask for them.
            unseen: begin another for each, told its concepts but not shown it; they come last.
            vocabulary_size: V, which the step graph must agree with. If not given, its
                log-probabilities are not looked at: who compares them does.

        Raises:
            BundleError: the graphs do not fit what they are given; `step` raises it too.
        """
        if unseen:
            assert concepts is not None
            features = np.concatenate([features, np.zeros_like(features)])
            concepts = np.concatenate([concepts, concepts])
        self._step, self._vocabulary_size = step, vocabulary_size
        photos = {"features": features, "concepts": concepts}
        asked = {wanted.name: photos[wanted.name] for wanted in start.get_inputs()}
        names = [output.name for output in start.get_outputs()]
        self._image_of_row = np.arange(len(features))
        self._state = dict(zip(names, start.run(names, asked), strict=True))
        self._check_rows(start.name, self._state)
        changing = [f"next_{name}" for name in names]
        found = {output.name for output in step.get_outputs()}
        self._outputs = ["log_probs", *(name for name in changing if name in found)]

    @property
    def num_rows(self) -> int:
        """R, the sentences now being written."""
        return len(self._image_of_row)

    def step(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read one token a row (R,); give log-probabilities of the next (R, V), in nats."""
        values = self._step.run(self._outputs, {"token_ids": token_ids, **self._state})
        outputs = dict(zip(self._outputs, values, strict=True))
        self._check_rows(self._step.name, outputs)
        log_probs: NDArray[np.float32] = outputs.pop("log_probs")
        self._check_log_probs(log_probs)
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

    def _check_rows(self, graph: str, arrays: dict[str, NDArray[np.float32]]) -> None:
        for name, array in arrays.items():
            shape = getattr(array, "shape", None)  # a graph may give something else altogether
            if not shape or shape[0] != self.num_rows or array.dtype.kind != "f":
                raise BundleError(f"{graph} gives no {name} for each sentence, but {shape}")

    def _check_log_probs(self, log_probs: NDArray[np.float32]) -> None:
        """Refuse what a damaged decoder gives, which a search would take for silence."""
        if self._vocabulary_size is None:
            return
        expected = (self.num_rows, self._vocabulary_size)
        if log_probs.shape != expected:
            raise BundleError(
                f"{self._step.name} gives log-probabilities {log_probs.shape}, not {expected}: one "
                "for each word of the vocabulary"
            )
        best = log_probs.max(axis=1)  # NaN if any is
        if not ((best <= ROUNDING) & (best > -np.inf)).all():
            raise BundleError(f"{self._step.name} gives what are no log-probabilities")
