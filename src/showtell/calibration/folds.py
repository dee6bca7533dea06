"""Folds: of each photo, what a fit says that did not see it.

The opinion and the confidence that reads what it ranks are judged on the same folds: what ranks a
photo and how sure to be of it are then both by fits without that photo.
"""

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def folds_of(count: int) -> NDArray[np.int64]:
    """Draw the fold of each of so many photos, the same in every run: (N,)."""
    return np.random.default_rng(0).permutation(count) % FOLDS
