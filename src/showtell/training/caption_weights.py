"""How much each caption of a photo counts in the loss: more where the others say the same.

Of five people one often tells of something that no one else mentions. Captions that agree with
the rest are what scores reward and what a photo shows most clearly.

Source: Phan et al. 2017 (arXiv:1712.09532), whose weights are the CIDEr of each caption against
the others of its video.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from showtell.data.records import Record
from showtell.metrics.cider import people_among_themselves
from showtell.text import tokenize


def caption_weights(records: Sequence[Record], share: float) -> list[Tensor]:
    """Weigh each image's captions, each (captions,) with mean 1.

    Args:
        share: of a weight that goes by agreement, the CIDEr-D of a caption against the image's
            others; the rest is the same for all. 0 to 1.

    Raises:
        DataError: fewer than two images.
    """
    captions = [[tokenize(caption) for caption in record.captions] for record in records]
    return [
        torch.from_numpy(1 - share + share * _with_mean_1(agreed)).float()
        for agreed in people_among_themselves(captions)
    ]


def _with_mean_1(values: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = values.mean()
    return values / mean if mean > 0 else np.ones_like(values)
