"""Feature cache: what an encoder saw in each picture, computed once, read by memory map.

A cache is a folder named by a hash of the encoder's weights and preprocessing, so that a changed
encoder never reads old features. In it:

    meta.json       what made the features; shape of each, (L, D) say
    features.f16    float16 rows of so many numbers, one picture after the other
    index.jsonl     {"sha256": …} of each picture's file, line n for row n

Pictures are known by their content, so datasets can share rows and a changed file is never
mistaken for the old one. Rows are written before their index lines: a killed run loses at most
the batch in hand.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from showtell.errors import DataError
from showtell.files import lock, naming, to_json, write_atomically


def default_cache_dir() -> Path:
    """Where features go unless told otherwise: `$SHOWTELL_CACHE` or the user's cache folder."""
    if asked := os.environ.get("SHOWTELL_CACHE"):
        return Path(asked)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "showtell"


class FeatureCache:
    """Features of pictures by the sha256 of their files."""

    def __init__(self, root: Path, *, made_by: dict[str, Any], shape: tuple[int, ...]) -> None:
        """Open the cache of one encoder below `root`, or begin it.

        Args:
            made_by: all that the features depend on; hashed into the folder's name.
            shape: of one picture's features.
        """
        key = hashlib.sha256(json.dumps([made_by, shape], sort_keys=True).encode()).hexdigest()
        self.path = root / "features" / key[:16]
        self.shape = shape
        self._row_bytes = 2 * math.prod(shape)
        self.path.mkdir(parents=True, exist_ok=True)
        for path in (self._data_path, self._index_path):
            if not path.exists():  # a new cache, or one that was killed as it began
                path.touch()
        if not self._meta_path.exists():
            meta = {"made_by": made_by, "shape": list(shape), "dtype": "float16"}
            write_atomically(self._meta_path, to_json(meta))
        self._rows: dict[str, int] = {}
        self._reload()

    @property
    def _meta_path(self) -> Path:
        return self.path / "meta.json"

    @property
    def _data_path(self) -> Path:
        return self.path / "features.f16"

    @property
    def _index_path(self) -> Path:
        return self.path / "index.jsonl"

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, hashes: Sequence[str]) -> NDArray[np.int64]:
        """Give the row of each picture.

        Raises:
            DataError: one has no features yet.
        """
        missing = [sha256 for sha256 in hashes if sha256 not in self._rows]
        if missing:
            raise DataError(f"{len(missing)} pictures have no features in {self.path}")
        return np.array([self._rows[sha256] for sha256 in hashes], dtype=np.int64)

    def open(self) -> NDArray[np.float16]:
        """Map all features into memory, read-only: (rows, …)."""
        if not self._rows:
            return np.empty((0, *self.shape), dtype=np.float16)
        return np.memmap(
            self._data_path, dtype=np.float16, mode="r", shape=(len(self._rows), *self.shape)
        )

    @contextmanager
    def writing(self) -> Iterator["FeatureWriter"]:
        """Let one process at a time add rows; others wait."""
        with (
            naming(self._data_path),
            self._index_path.open("r+b") as index,
            self._data_path.open("r+b") as data,
        ):
            lock(index)
            self._reload()
            index.truncate(self._index_bytes)  # drop what a killed writer left half done
            data.truncate(len(self._rows) * self._row_bytes)
            index.seek(0, os.SEEK_END)
            data.seek(0, os.SEEK_END)
            yield FeatureWriter(self._rows, self.shape, index, data)

    def _reload(self) -> None:
        """Read the index up to the last line that is complete and has its row on disk."""
        num_rows = self._data_path.stat().st_size // self._row_bytes
        self._rows.clear()
        self._index_bytes = 0
        for line in self._index_path.read_bytes().splitlines(keepends=True)[:num_rows]:
            if not line.endswith(b"\n"):
                break
            try:
                sha256 = json.loads(line)["sha256"]
                if sha256 in self._rows:
                    raise ValueError(f"{sha256} twice")
                self._rows[sha256] = len(self._rows)
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(
                    f"{self._index_path} is damaged; delete the folder {self.path} and "
                    "the features are computed anew"
                ) from error
            self._index_bytes += len(line)


class FeatureWriter:
    """Adds rows to a cache; made by `FeatureCache.writing`."""

    def __init__(
        self, rows: dict[str, int], shape: tuple[int, ...], index: BinaryIO, data: BinaryIO
    ) -> None:
        self._rows, self._shape, self._index, self._data = rows, shape, index, data

    def append(self, hashes: Sequence[str], features: NDArray[np.float32]) -> None:
        """Add features (B, …) of pictures that are not in the cache yet.

        Raises:
            DataError: a feature is too large for float16, or not a number.
        """
        assert features.shape == (len(hashes), *self._shape), features.shape
        assert not any(sha256 in self._rows for sha256 in hashes)
        if not np.abs(features).max(initial=0) <= np.finfo(np.float16).max:
            raise DataError(
                "the encoder gives features that float16 cannot hold "
                f"({np.abs(features).max():.2g}); its weights, mean or std must be wrong"
            )
        self._data.write(features.astype(np.float16).tobytes())
        self._data.flush()
        for sha256 in hashes:
            self._index.write(json.dumps({"sha256": sha256}).encode() + b"\n")
            self._rows[sha256] = len(self._rows)
        self._index.flush()
