"""Greedy search: always the likeliest next word.

Pure NumPy; knows nothing of backends, images or words. Shapes: B images, V vocabulary size.
"""

import numpy as np

from showtell.config import BeamConfig
from showtell.decoding.stepper import NEVER_EMITTED, Hypothesis, Stepper, make_hypothesis
from showtell.vocabulary import END_ID, START_ID


def greedy_search(stepper: Stepper, config: BeamConfig) -> list[list[Hypothesis]]:
    """Take the likeliest token at each step, for all images at once; ties go to the lower id.

    Returns:
        For each image a list of exactly one hypothesis. One that has not said `<end>` after
        `max_length` tokens comes back with `finished=False`.
    """
    num_images = stepper.num_rows
    token_ids = np.full(num_images, START_ID, dtype=np.int64)
    captions: list[list[int]] = [[] for _ in range(num_images)]
    totals = np.zeros(num_images)  # nats
    finished = np.zeros(num_images, dtype=bool)
    for length in range(config.max_length + 1):
        log_probs = stepper.step(token_ids).astype(np.float64)  # (B, V)
        log_probs[:, NEVER_EMITTED] = -np.inf
        token_ids = log_probs.argmax(axis=1)
        if length == config.max_length:  # only `<end>` may follow a caption of full length
            token_ids = np.where(token_ids == END_ID, token_ids, -1)
        live = ~finished & (token_ids >= 0)
        totals[live] += log_probs[live, token_ids[live]]
        for image in np.flatnonzero(live & (token_ids != END_ID)):
            captions[image].append(int(token_ids[image]))
        finished |= live & (token_ids == END_ID)
        if finished.all() or length == config.max_length:
            break
    return [
        [make_hypothesis(caption, total, finished=bool(done), length_penalty=config.length_penalty)]
        for caption, total, done in zip(captions, totals, finished, strict=True)
    ]
