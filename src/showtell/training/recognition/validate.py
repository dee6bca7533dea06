"""How well photos of the validation split are recognised.

Shapes: N photos, W words.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from showtell.data.batches.ahead import grouped
from showtell.data.batches.views import ViewDataset
from showtell.progress import Progress
from showtell.training.recognition.model import (
    Published,
    RecognitionModel,
    class_loss,
    look,
    word_loss,
)
from showtell.training.validate import evaluating

IMAGES_AT_ONCE = 64
ENOUGH_PHOTOS = 5  # a word said of fewer tells little of how well it is found


@dataclass(frozen=True)
class Recognition:
    """What a look at a split finds."""

    word_loss: float  # nats a photo, summed over words
    class_kl: float  # nats a photo: how far ImageNet's classes are from what they were
    mean_average_precision: float  # of words, 0 to 1


def recognise(
    model: RecognitionModel, published: Published, data: ViewDataset, *, progress: Progress
) -> Recognition:
    """Look at every photo of a split, as it is."""
    device = next(model.parameters()).device
    words, kl = [], 0.0
    (plain,) = data.views
    with evaluating(model):
        for images in grouped(range(len(data)), IMAGES_AT_ONCE):
            activations = plain(images).to(device)
            pooled = look(model.encoder, activations)
            words.append(model.recogniser.words(pooled).float().cpu())
            classes = class_loss(model.recogniser.classes(pooled), published(activations))
            kl += classes.item() * len(images)
            progress(images[-1] + 1, len(data))
    logits = torch.cat(words)  # (N, W)
    return Recognition(
        word_loss=word_loss(logits, data.shares).item(),
        class_kl=kl / len(data),
        mean_average_precision=mean_average_precision(logits, data.shares > 0),
    )


def mean_average_precision(scores: Tensor, said: Tensor) -> float:
    """Rank the photos by each word's score (N, W); give the mean of the average precisions.

    A word's average precision is the mean, over the photos of which it was said (N, W), of the
    share of such photos among those ranked no lower. Words said of few photos do not count where
    there are others.
    """
    photos = said.sum(dim=0)  # (W,)
    counts = photos >= ENOUGH_PHOTOS
    if not counts.any():  # a split of a few photos
        counts = photos > 0
    if not counts.any():
        return 0.0
    order = scores[:, counts].argsort(dim=0, descending=True, stable=True)
    hits = said[:, counts].float().gather(0, order)  # (N, words that count)
    precision = hits.cumsum(dim=0) / torch.arange(1, len(hits) + 1)[:, None]
    return ((precision * hits).sum(dim=0) / hits.sum(dim=0)).mean().item()
