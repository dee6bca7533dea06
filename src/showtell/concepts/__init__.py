"""What a classifier's classes are in the words of captions: a table, and NumPy.

Knows nothing of networks, photos or captioners: who has probabilities of classes multiplies.
"""

from showtell.concepts.imagenet import ImageNetClass, load_imagenet_classes, load_imagenet_words
from showtell.concepts.names import Concepts

__all__ = ["Concepts", "ImageNetClass", "load_imagenet_classes", "load_imagenet_words"]
