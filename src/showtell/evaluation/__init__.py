"""Scoring captions against what people wrote: those in a file, or those a model writes.

evaluate     the calls, and what comes of them
systems      what is scored, and on what
"""

from showtell.evaluation.evaluate import Comparison, Evaluation, compare, evaluate

__all__ = ["Comparison", "Evaluation", "compare", "evaluate"]
