"""Settings of models that train in a second on the drawn pictures."""

TINY_CONFIG = """
name = "tiny"
[encoder]
name = "efficientnet-lite0"
image_size = 64
[decoder]
embedding_dim = 24
hidden_dim = 24
image_dropout = 0.2
embedding_dropout = 0.2
[training]
min_count = 1
batch_size = 20
learning_rate = 0.02
schedule = "constant"
max_epochs = 15
patience = 15
[decoding]
beam_size = 2
max_length = 12
"""

TINY_STUDY_BASE = """
[base.encoder]
name = "efficientnet-lite0"
image_size = 64
[base.decoder]
embedding_dim = 24
hidden_dim = 24
[base.training]
min_count = 1
batch_size = 20
learning_rate = 0.02
max_epochs = 2
[base.decoding]
beam_size = 2
max_length = 12
"""
