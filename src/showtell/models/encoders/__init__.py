"""Encoders by name: network, weights and preprocessing belong together.

An encoder maps photos (B, 3, size, size) to the feature grid (B, L, D) and the pooled vector
(B, 1, D). One file for each family; none knows of decoders, captions or training.
"""

from showtell.models.encoders.build import build_encoder
from showtell.models.encoders.encoder import Encoder, with_weights
from showtell.models.encoders.weights import hash_tensors, hash_weights

__all__ = ["Encoder", "build_encoder", "hash_tensors", "hash_weights", "with_weights"]
