"""How much each caption of a photo counts in the loss: more where the others say the same.

Of five people one often tells of something that no one else mentions. Captions that agree with
the rest are what scores reward and what a photo shows most clearly.

Source: Phan et al. 2017 (arXiv:1712.09532), whose weights are the CIDEr of each caption against
the others of its video.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from showtell.data.records import Record
from showtell.metrics.cider import CiderD
from showtell.text import tokenize


def caption_weights(records: Sequence[Record], share: float) -> list[Tensor]:
    """Weigh each image's captions, each (captions,) with mean 1.

    Args:
        share: of a weight that goes by agreement, the CIDEr-D of a caption against the image's
            others; the rest is the same for all. 0 to 1.

    Raises:
        DataError: fewer than two images.
    """
    agreed = _agreement([[tokenize(caption) for caption in record.captions] for record in records])
    means = [max(float(values.mean()), np.finfo(float).tiny) for values in agreed]
    return [
        torch.from_numpy(1 - share + share * np.where(values.any(), values / mean, 1)).float()
        for values, mean in zip(agreed, means, strict=True)
    ]


def _agreement(captions: Sequence[Sequence[list[str]]]) -> list[np.ndarray]:
    """Score each caption against the others of its image; 0 where it is alone."""
    agreed = [np.zeros(len(of_one)) for of_one in captions]
    for left_out in range(max(map(len, captions))):
        images = [i for i, of_one in enumerate(captions) if len(of_one) > max(1, left_out)]
        rest = [[c for k, c in enumerate(captions[i]) if k != left_out] for i in images]
        taken = [captions[i][left_out] for i in images]
        if len(images) > 1:
            scores = CiderD(rest).score(taken)
            for i, value in zip(images, scores, strict=True):
                agreed[i][left_out] = value
    return agreed
