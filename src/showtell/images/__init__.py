"""From anything that holds a picture to what an encoder reads. The only way pictures come in.

Training, validation, the ONNX runtime and the server all call `prepare`: a picture prepared one
way in training and another way afterwards is the field's best-known cause of "the same caption
for every photo".
"""

from showtell.images.foreign import Foreign, recognise
from showtell.images.prepare import PreparedImage, Preprocessing, normalise, prepare
from showtell.images.reading import (
    MAX_IMAGE_MPIXELS,
    Opened,
    check_file,
    check_header,
    explain,
    is_picture,
    meant_as_picture,
    open_rgb,
    told_by,
)
from showtell.images.sources import ImageSource, describe

__all__ = [
    "MAX_IMAGE_MPIXELS",
    "Foreign",
    "ImageSource",
    "Opened",
    "PreparedImage",
    "Preprocessing",
    "check_file",
    "check_header",
    "describe",
    "explain",
    "is_picture",
    "meant_as_picture",
    "normalise",
    "open_rgb",
    "prepare",
    "recognise",
    "told_by",
]
