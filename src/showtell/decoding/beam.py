"""Beam search over a step-by-step caption decoder, for a batch of images at once.

Pure NumPy. This module knows nothing of PyTorch, ONNX Runtime, images or words: it asks a
`Stepper` for log-probabilities of the next token and returns token ids, best hypothesis first.

Shapes: B images still searched, K beams each, V vocabulary size, T tokens so far.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from showtell.config import BeamConfig
from showtell.decoding.stepper import (
    Hypothesis,
    Stepper,
    length_norm,
    make_hypothesis,
    next_log_probs,
)
from showtell.vocabulary import END_ID

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def beam_search(
    stepper: Stepper, config: BeamConfig, *, dangling: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """Find the likeliest captions of every image, best first.

    A caption has at least one word. At each step a beam ends if `<end>` is among the `beam_size`
    likeliest continuations of all beams; its ending competes, by length-normalised score, with the
    endings found before. The `beam_size` likeliest continuations that do not end live on. An image
    is done when no live beam can still overtake its worst kept ending, so the search loses nothing
    but what the beam's width costs.

    Args:
        dangling: words that no caption ends with.

    Returns:
        For each image 1 to `beam_size` hypotheses, ranked by
        log_prob / ((5 + T) / 6) ** length_penalty. If none reached `<end>` within `max_length`
        tokens, the live ones are returned with `finished=False`, so the result is never empty;
        they are shorter than that where the decoder left them no word to go on with.

    Source: Wu et al. 2016 (arXiv:1609.08144), eq. 14. Ties keep beam order, then the lower id.
    """
    num_images = stepper.num_rows
    endings: list[list[Hypothesis]] = [[] for _ in range(num_images)]
    searched = np.arange(num_images)  # (B,) indices of the images still searched
    # One beam an image at first: all would be equal, and the beam would fill with copies.
    tokens = np.zeros((num_images, 1, 0), dtype=np.int64)  # (B, K, T)
    totals = np.zeros((num_images, 1))  # (B, K) nats

    for length in range(config.max_length + 1):
        written = tokens.reshape(totals.size, length)  # (B·K, T)
        log_probs = next_log_probs(stepper, written, config, dangling=dangling)  # (B·K, V)
        scores = totals[:, :, None] + log_probs.reshape(*totals.shape, -1)  # (B, K, V)
        ends = scores[:, :, END_ID].copy()  # (B, K)
        scores[:, :, END_ID] = -np.inf
        parents, token_ids, continued = _best_continuations(scores, config.beam_size)
        if length == config.max_length:  # a caption of full length can only end
            continued[:] = -np.inf
        ends[_num_likelier(ends, continued) >= config.beam_size] = -np.inf
        _collect_endings(endings, searched, tokens, ends, config)

        open_ = ~_is_decided(endings, searched, continued, config)  # (B,)
        for row in np.flatnonzero(~open_):
            if not endings[searched[row]]:
                endings[searched[row]] = _unfinished(tokens[row], totals[row], config)
        if not open_.any():
            break
        tokens = np.take_along_axis(tokens, parents[:, :, None], axis=1)
        tokens = np.concatenate([tokens, token_ids[:, :, None]], axis=2)
        rows = parents + np.arange(len(searched))[:, None] * (len(written) // len(searched))
        stepper.select(rows[open_].reshape(-1))
        searched, tokens, totals = searched[open_], tokens[open_], continued[open_]

    return endings


def _best_continuations(scores: Floats, beam_size: int) -> tuple[Ints, Ints, Floats]:
    """Give parent beam, token id and total (each (B, K')) of the best continuations, in order.

    Taking the maximum K' times is faster than sorting K·V numbers, and keeps ties in order.
    """
    num_images, _, vocabulary_size = scores.shape
    flat = scores.reshape(num_images, -1)  # a view: found maxima are struck out in `scores`
    images = np.arange(num_images)
    width = min(beam_size, flat.shape[1])
    best = np.empty((num_images, width), dtype=np.int64)
    totals = np.empty((num_images, width))
    for rank in range(width):
        best[:, rank] = flat.argmax(axis=1)
        totals[:, rank] = flat[images, best[:, rank]]
        flat[images, best[:, rank]] = -np.inf
    return best // vocabulary_size, best % vocabulary_size, totals


def _num_likelier(ends: Floats, continued: Floats) -> Ints:
    """Count for each ending (B, K) the continuations and other endings likelier than it."""
    rivals = np.concatenate([ends, continued], axis=1)  # (B, K + K')
    likelier: Ints = (rivals[:, None, :] > ends[:, :, None]).sum(axis=2)
    return likelier


def _collect_endings(
    endings: list[list[Hypothesis]],
    searched: Ints,
    tokens: Ints,
    totals: Floats,
    config: BeamConfig,
) -> None:
    """Let every beam that ends (B, K) enter its image's list of the best `beam_size` endings."""
    for row, beam in np.argwhere(np.isfinite(totals)):
        found = endings[searched[row]]
        found.append(
            make_hypothesis(
                tokens[row, beam],
                totals[row, beam],
                finished=True,
                length_penalty=config.length_penalty,
            )
        )
        found.sort(key=lambda hypothesis: -hypothesis.score)
        del found[config.beam_size :]


def _is_decided(
    endings: list[list[Hypothesis]], searched: Ints, totals: Floats, config: BeamConfig
) -> NDArray[np.bool_]:
    """Tell for each image whether nothing that may still come can enter its full endings."""
    # A log-probability only falls, and the longest caption has the kindest divisor.
    bound = totals.max(axis=1) / length_norm(config.max_length, config.length_penalty)
    worst = np.array(
        [
            endings[image][-1].score if len(endings[image]) == config.beam_size else -np.inf
            for image in searched
        ]
    )
    return bound <= worst


def _unfinished(tokens: Ints, totals: Floats, config: BeamConfig) -> list[Hypothesis]:
    """Give the live beams as they are, best first."""
    return [
        make_hypothesis(ids, total, finished=False, length_penalty=config.length_penalty)
        for ids, total in zip(tokens, totals, strict=True)
        if np.isfinite(total)
    ]
