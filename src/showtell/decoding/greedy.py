"""Greedy search: always the likeliest next word.

Pure NumPy; knows nothing of backends, images or words. Shapes: B images, V vocabulary size.
"""

from collections.abc import Sequence

import numpy as np

from showtell.config import BeamConfig
from showtell.decoding.stepper import Hypothesis, Stepper, make_hypothesis, next_log_probs
from showtell.vocabulary import END_ID


def greedy_search(
    stepper: Stepper, config: BeamConfig, *, dangling: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """Take the likeliest token at each step, for all images at once; ties go to the lower id.

    Args:
        dangling: words that no caption ends with.

    Returns:
        For each image a list of exactly one hypothesis. One that has not said `<end>` after
        `max_length` tokens, or that the decoder leaves no word to go on with, comes back with
        `finished=False`.
    """
    num_images = stepper.num_rows
    tokens = np.zeros((num_images, 0), dtype=np.int64)  # (B, T)
    lengths = np.zeros(num_images, dtype=np.int64)  # words before `<end>`
    totals = np.zeros(num_images)  # nats
    finished = np.zeros(num_images, dtype=bool)
    writing = np.ones(num_images, dtype=bool)
    for length in range(config.max_length + 1):
        log_probs = next_log_probs(stepper, tokens, config, dangling=dangling)  # (B, V)
        token_ids = log_probs.argmax(axis=1)
        best = log_probs.max(axis=1)
        ends = token_ids == END_ID
        writing &= best > -np.inf
        if length == config.max_length:  # only `<end>` may follow a caption of full length
            writing &= ends
        totals[writing] += best[writing]
        finished |= writing & ends
        writing &= ~ends
        tokens = np.concatenate([tokens, token_ids[:, None]], axis=1)
        lengths += writing
        if not writing.any():
            break
    return [
        [
            make_hypothesis(
                words[:count].tolist(),
                total,
                finished=bool(done),
                length_penalty=config.length_penalty,
            )
        ]
        for words, count, total, done in zip(tokens, lengths, totals, finished, strict=True)
    ]
