"""Graphs that run on ONNX Runtime alone: export, smaller storage, and the proof that they agree.

`showtell.training.export` makes a bundle of a training run with them.
"""
