"""METEOR 1.5 for English without Java, and the original jar behind the same methods.

Reading order: normalise, lexicon, paraphrases (with resources, where all data come from),
matching, alignment, statistics, scorer, metric. Nothing is read before `Meteor.load`.
"""

from showtell.metrics.meteor.java import MeteorJar
from showtell.metrics.meteor.metric import load_meteor, meteor, meteor_java
from showtell.metrics.meteor.scorer import Meteor
from showtell.metrics.meteor.statistics import meteor_formula

__all__ = ["Meteor", "MeteorJar", "load_meteor", "meteor", "meteor_formula", "meteor_java"]
