"""Scores of captions against references, coco-style. NumPy only, no Java.

Captions and references are scored as `showtell.text.tokenize` reads them; every score carries a
signature that says so.
"""

from showtell.metrics.bleu import bleu
from showtell.metrics.cider import cider
from showtell.metrics.report import Report, score, to_coco_results
from showtell.metrics.rouge import rouge_l

__all__ = ["Report", "bleu", "cider", "rouge_l", "score", "to_coco_results"]
