"""What a picture may come in: a path, bytes, an open file, a Pillow image, a NumPy array."""

import io
import os
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from showtell.errors import ImageError

ImageSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | IO[bytes]
    | Image.Image
    | NDArray[np.uint8]
)
Source = Path | bytes | Image.Image
TAKEN = (
    "a path (str or os.PathLike), the bytes of a picture file (bytes, bytearray or memoryview), a "
    "file opened in binary mode, a Pillow image, or a NumPy array of uint8, (H, W, 3) in RGB or "
    "(H, W) in grey"
)


def resolve(source: ImageSource) -> Source:
    """Give what a picture is in as one of three: its file, the bytes of that, or its pixels.

    An open file is read whole, from its beginning where it can be wound back.

    Raises:
        TypeError: something else; the message says what is taken.
        ImageError: the open file cannot be read.
    """
    match source:
        case str() | os.PathLike():
            return Path(os.fsdecode(source))
        case bytes() | bytearray() | memoryview():
            return bytes(source)
        case Image.Image():
            return source
        case np.ndarray():
            return _of_array(source)
    if callable(getattr(source, "read", None)):
        return _of_file(source)
    raise TypeError(f"a picture must be {TAKEN}; got {type(source).__name__}")


def describe(source: ImageSource) -> str:
    """Name a picture in a message: its path, or what it is when it has none."""
    match source:
        case str() | os.PathLike():
            return str(Path(os.fsdecode(source)))
        case bytes() | bytearray() | memoryview():
            return "image bytes"
        case np.ndarray():
            return "image array"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "image"


def _of_array(array: NDArray[Any]) -> Image.Image:
    is_grey = array.ndim == 2
    is_rgb = array.ndim == 3 and array.shape[2] == 3
    if array.dtype != np.uint8 or not (is_grey or is_rgb) or not array.size:
        raise TypeError(f"a picture must be {TAKEN}; got an array {array.shape} of {array.dtype}")
    return Image.fromarray(np.ascontiguousarray(array))


def _of_file(file: Any) -> bytes:
    data: object = None
    try:
        if not isinstance(file, io.TextIOBase):
            if file.seekable():
                file.seek(0)
            data = file.read()
    except (OSError, ValueError) as error:  # closed, say, or opened for writing
        why = getattr(error, "strerror", None) or error
        raise ImageError(f"{describe(file)}: cannot be read ({why})", "unreadable") from error
    if not isinstance(data, bytes | bytearray):
        raise TypeError(
            f"a picture must be {TAKEN}; got a file of text, or one that gives no bytes"
        )
    return bytes(data)
