"""Captioning on ONNX Runtime alone: what an install without extras can do."""
