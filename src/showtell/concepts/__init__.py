"""Concepts: words that a photo may show. Of ImageNet's classes by a table, of captions by counting.

Knows nothing of networks, photos or captioners: who has probabilities of classes multiplies.
"""

from showtell.concepts.caption_words import find_caption_words, word_shares
from showtell.concepts.imagenet import ImageNetClass, load_imagenet_classes, load_imagenet_words
from showtell.concepts.names import Concepts

__all__ = [
    "Concepts",
    "ImageNetClass",
    "find_caption_words",
    "load_imagenet_classes",
    "load_imagenet_words",
    "word_shares",
]
