"""Hypotheses of several searches for the same image, in one list."""

from collections.abc import Sequence
from itertools import chain

from showtell.decoding.stepper import Hypothesis


def pool(searches: Sequence[Sequence[Hypothesis]]) -> list[Hypothesis]:
    """Put the hypotheses of all searches in one list, best score first.

    A caption that several found is there once, as the search has it that thinks it likelier.
    Unfinished ones are there only if no search found an ending, as in a single search.
    """
    found = list(chain.from_iterable(searches))
    ended = [hypothesis for hypothesis in found if hypothesis.finished] or found
    by_likelihood = sorted(ended, key=lambda hypothesis: hypothesis.log_prob)
    once = {hypothesis.token_ids: hypothesis for hypothesis in by_likelihood}  # the last one stays
    return sorted(once.values(), key=lambda hypothesis: -hypothesis.score)
