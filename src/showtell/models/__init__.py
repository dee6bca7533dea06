"""The networks, in PyTorch: encoders that look, decoders that write."""
