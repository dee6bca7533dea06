"""From PyTorch to a bundle that runs on ONNX Runtime alone."""
