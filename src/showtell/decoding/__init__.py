"""Search: from a step-by-step decoder to captions as token ids. NumPy only."""

from collections.abc import Sequence

from showtell.config import BeamConfig
from showtell.decoding.beam import beam_search
from showtell.decoding.consensus import by_consensus
from showtell.decoding.greedy import greedy_search
from showtell.decoding.stepper import Hypothesis, Stepper

__all__ = ["Hypothesis", "Stepper", "beam_search", "by_consensus", "greedy_search", "search"]


def search(
    stepper: Stepper, config: BeamConfig, *, dangling: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """Find captions for every image of a stepper, best first: greedily when the beam is 1 wide.

    Args:
        dangling: words that no caption ends with.
    """
    if config.beam_size == 1:
        return greedy_search(stepper, config, dangling=dangling)
    found = beam_search(stepper, config, dangling=dangling)
    if config.votes:
        return [by_consensus(hypotheses, config.consensus) for hypotheses in found]
    return found
