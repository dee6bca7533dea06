"""The search protocol over a PyTorch decoder, for validation while training."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from showtell.models.decoders import Decoder


class TorchStepper:
    """A decoder in the middle of its sentences (`showtell.decoding.Stepper`).

    The decoder must be in evaluation mode, or dropout disturbs the search.
    """

    def __init__(
        self,
        decoder: Decoder,
        features: Tensor,
        concepts: Tensor | None = None,
        *,
        unseen: bool = False,
    ) -> None:
        """Begin one sentence for each photo: features (B, L, D), concepts (B, C).

        Args:
            unseen: begin another for each, told its concepts but not shown it; they come last.
        """
        if unseen:
            assert concepts is not None
            features = torch.cat([features, torch.zeros_like(features)])
            concepts = torch.cat([concepts, concepts])
        self._decoder = decoder
        self._device = features.device
        self._image_of_row = np.arange(len(features))
        self._constant: set[str] = set()  # state that no step changes
        with torch.inference_mode():
            self._state = decoder.start(features, concepts)

    @property
    def num_rows(self) -> int:
        """R, the sentences now being written."""
        return len(next(iter(self._state.values())))

    def step(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read one token a row (R,); give log-probabilities of the next (R, V), in nats."""
        with torch.inference_mode():
            ids = torch.from_numpy(token_ids).to(self._device)
            log_probs, after, _ = self._decoder.step(ids, self._state)
            self._constant = {name for name, part in after.items() if part is self._state[name]}
            self._state = after
            return log_probs.float().cpu().numpy()

    def select(self, rows: NDArray[np.int64]) -> None:
        """Make row i a copy of what was row `rows[i]`."""
        images = self._image_of_row[rows]
        # A search mostly reorders the rows of each image among themselves: what only depends on
        # the image, a grid of many locations, is then where it must be.
        stay = self._constant if np.array_equal(images, self._image_of_row) else set()
        self._image_of_row = images
        with torch.inference_mode():
            index = torch.from_numpy(rows).to(self._device)
            self._state = {
                name: part if name in stay else part[index] for name, part in self._state.items()
            }
