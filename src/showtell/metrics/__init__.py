"""Scores of captions against references, without Java; all but METEOR needs NumPy only.

Numbers equal COCO-caption's (pycocoevalcap) on the same text; every score carries a signature.
"""

from showtell.metrics.baselines import CONSTANT_CAPTION, LeaveOneOut, constant_floor, leave_one_out
from showtell.metrics.bleu import bleu
from showtell.metrics.bootstrap import Difference, Interval, compare, confidence_intervals
from showtell.metrics.cider import CiderD, cider, cider_d
from showtell.metrics.claims import ClaimRate, Claims, claim_rates
from showtell.metrics.diversity import Diversity, diversity
from showtell.metrics.meteor import Meteor, MeteorJar
from showtell.metrics.report import Report
from showtell.metrics.result import MetricResult
from showtell.metrics.rouge import rouge_l
from showtell.metrics.scoring import DEFAULT_METRICS, METRICS, find_metrics, score

__all__ = [
    "CONSTANT_CAPTION",
    "DEFAULT_METRICS",
    "METRICS",
    "CiderD",
    "ClaimRate",
    "Claims",
    "Difference",
    "Diversity",
    "Interval",
    "LeaveOneOut",
    "Meteor",
    "MeteorJar",
    "MetricResult",
    "Report",
    "bleu",
    "cider",
    "cider_d",
    "claim_rates",
    "compare",
    "confidence_intervals",
    "constant_floor",
    "diversity",
    "find_metrics",
    "leave_one_out",
    "rouge_l",
    "score",
]
