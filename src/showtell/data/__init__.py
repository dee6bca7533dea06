"""Datasets: readers that give records, the feature cache, and batches for training."""
