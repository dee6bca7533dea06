"""Decoders: from image features and the words so far to the next word.

base         what training, search and export ask of every decoder
recurrence   LSTM or GRU, whole sentences at once or a token at a time
one_vector   what the decoders of one vector a photo share
merge        the photo joins after the recurrence: merge, merge-concat
inject       the photo goes into the recurrence: init-inject, pre-inject, par-inject
attend       soft attention over a feature grid, and what its decoders share
attention    Xu et al. 2015
topdown      Anderson et al. 2018

Shapes: N images, R sentences (rows), L locations, D feature width, T tokens, E embedding,
H hidden, A attention, V vocabulary.
"""

from showtell.models.decoders.base import Decoder, Reading, State, Step

__all__ = ["Decoder", "Reading", "State", "Step"]
