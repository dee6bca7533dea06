"""Reading npz files of a bundle: of plain numbers, and no larger in memory than on disk."""

import io
import zipfile
from collections.abc import Sequence

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from showtell.files import read_member

MAX_BYTES = 64 * 2**20  # of one array


def read_arrays(data: bytes, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Read arrays of these names.

    Raises:
        ValueError, OSError, zipfile.BadZipFile: it is no npz, it holds others, or one is not of
            finite numbers or too large.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in names):
            raise ValueError(f"its arrays are not {', '.join(names)}")
        return {
            name: _parse(name, read_member(archive, f"{name}.npy", at_most=MAX_BYTES))
            for name in names
        }


def _parse(name: str, data: bytes) -> NDArray[np.float64]:
    file = io.BytesIO(data)
    version = npy.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{name} is of another version of npy, {version}")
    shape, _, dtype = npy.read_array_header_1_0(file)
    if dtype.kind not in "fiu":
        raise ValueError(f"{name} is of {dtype}, not of numbers")
    # NumPy would believe the header and ask for memory.
    if file.tell() + dtype.itemsize * int(np.prod(shape, dtype=object)) != len(data):
        raise ValueError(f"{name} is not as long as it says")
    file.seek(0)
    values: NDArray[np.float64] = npy.read_array(file, allow_pickle=False).astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds what is no number")
    return values
