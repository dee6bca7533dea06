"""The command line: one verb a file, each a thin skin over one library call.

Command modules import little at their top; the work is imported inside the function, so that
`showtell --help` loads neither PyTorch nor ONNX Runtime.
"""
