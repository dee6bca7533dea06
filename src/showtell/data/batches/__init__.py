"""From records and features to batches, for training and validation."""
