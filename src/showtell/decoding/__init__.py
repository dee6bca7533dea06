"""Search: from a step-by-step decoder to captions as token ids. NumPy only."""

from collections.abc import Sequence

from showtell.config import BeamConfig
from showtell.decoding.beam import beam_search
from showtell.decoding.consensus import by_consensus
from showtell.decoding.greedy import greedy_search
from showtell.decoding.pool import pool
from showtell.decoding.stepper import Hypothesis, Stepper

__all__ = [
    "Hypothesis",
    "Stepper",
    "beam_search",
    "by_consensus",
    "choose",
    "greedy_search",
    "pool",
    "propose",
    "search",
]


def search(
    stepper: Stepper, config: BeamConfig, *, dangling: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """Find captions for every image of a stepper, best first: `propose`, then `choose`."""
    return choose(propose(stepper, config, dangling=dangling), config)


def propose(
    stepper: Stepper, config: BeamConfig, *, dangling: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """Find captions for every image, best score first: greedily when the beam is 1 wide.

    Args:
        stepper: with a row for each image; where `config.unseen`, then another for each, unseen.
        dangling: words that no caption ends with.
    """
    find = greedy_search if config.beam_size == 1 else beam_search
    found = find(stepper, config, dangling=dangling)
    if not config.unseen:
        return found
    num_images = len(found) // 2
    return [pool(both) for both in zip(found[:num_images], found[num_images:], strict=True)]


def choose(found: list[list[Hypothesis]], config: BeamConfig) -> list[list[Hypothesis]]:
    """Put the caption first that the settings ask for, of each image's hypotheses."""
    if config.votes:
        return [by_consensus(hypotheses, config.consensus) for hypotheses in found]
    return found
