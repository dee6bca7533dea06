"""Photos for sentences that have none: such as, by their own concepts, show what is said.

A sentence of a text says "a zebra stands in the grass". Of the photos at hand those are likely to
belong to it that the recogniser takes for zebras in grass, and one is drawn by that likelihood, so
that what the recogniser is unsure of, confuses and overlooks is in what the decoder learns from:

    P(photo | sentence) ~ product over the concepts mentioned of (P(concept | photo) / P(concept))^t

Shapes: S sentences, P photos, C concepts, K photos drawn for each sentence.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from showtell.concepts.mentions import Mentions
from showtell.concepts.names import Concepts
from showtell.progress import Progress, no_progress

LEAST = 0.05  # of a concept's mean probability: no photo is ruled out by what it does not show
MOST = 5.0  # nats that one concept speaks for a photo
SENTENCES_AT_ONCE = 2048


def pair_sentences(
    sentences: Sequence[Sequence[str]],
    concepts: Concepts,
    shown: NDArray[np.float32],
    *,
    temperature: float,
    draws: int,
    seed: int,
    progress: Progress = no_progress,
) -> NDArray[np.int32]:
    """Draw photos for each sentence, without one twice: their positions (S, K).

    Args:
        shown: (P, C) the probability of each concept in each photo.
        temperature: the exponent t; 0 draws any photo, 1 believes each concept by itself.
        draws: K, no more than there are photos.
        progress: sentences done.
    """
    evidence = _evidence(torch.from_numpy(shown)).T.contiguous()  # (C, P)
    generator = torch.Generator().manual_seed(seed)
    mentions = Mentions(concepts)
    drawn = np.empty((len(sentences), min(draws, len(shown))), dtype=np.int32)
    for start in range(0, len(sentences), SENTENCES_AT_ONCE):
        some = sentences[start : start + SENTENCES_AT_ONCE]
        said = [torch.tensor(mentions(tokens), dtype=torch.int64) for tokens in some]
        first = torch.tensor([0, *map(len, said)]).cumsum(0)[:-1]  # of each sentence's concepts
        scores = temperature * embedding_bag(torch.cat(said), evidence, first, mode="sum")  # (s, P)
        noise = torch.rand(scores.shape, generator=generator).clamp(1e-9, 1 - 1e-7)
        # The K largest of scores with Gumbel noise: draws by exp(score), none twice.
        best = (scores - (-noise.log()).log()).topk(drawn.shape[1], dim=1).indices
        drawn[start : start + len(some)] = best.numpy()
        progress(start + len(some), len(sentences))
    return drawn


def _evidence(shown: Tensor) -> Tensor:
    """How far each concept of each photo speaks for the photo, in nats (P, C)."""
    usual = shown.mean(dim=0)
    floor = LEAST * usual + 1e-4
    return ((shown + floor) / (usual + 1e-4)).log().clamp(max=MOST)
