"""Features of a dataset's pictures: looked up in the cache, computed where they are missing.

Frozen features go through the encoder's ONNX export, several times faster on a CPU than PyTorch
and the same arithmetic that captions photos later.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from showtell.config import EncoderConfig
from showtell.data.batches.ahead import ahead, grouped
from showtell.data.batches.cache import FeatureCache, default_cache_dir
from showtell.data.records import ImageFile, Record
from showtell.errors import ImageError
from showtell.export.onnx import export_encoder
from showtell.files import sha256_hex
from showtell.images import prepare
from showtell.models.encoders import Encoder, build_encoder
from showtell.progress import Progress, no_progress
from showtell.runtime.session import available_cpus, make_session

BATCH_SIZE = 16  # pictures at once through the encoder; more is no faster on a CPU


def open_cache(
    encoder: Encoder, config: EncoderConfig, *, root: Path | None = None
) -> FeatureCache:
    """Open the feature cache of an encoder, below the user's cache folder unless told otherwise."""
    made_by = {
        "encoder": encoder.name,
        "weights_sha256": encoder.sha256,
        "preprocessing": asdict(encoder.preprocessing),
        "features": config.features,
    }
    return FeatureCache(
        root or default_cache_dir(), made_by=made_by, shape=encoder.feature_shape(config.features)
    )


def compute_features(
    records: Sequence[Record],
    config: EncoderConfig,
    *,
    encoder: Encoder | None = None,
    cache_dir: Path | None = None,
    progress: Progress = no_progress,
) -> tuple[FeatureCache, dict[str, str]]:
    """Make sure that the cache holds the features of all records.

    A run that is stopped keeps what it has computed; the next goes on from there.

    Args:
        encoder: that of the config if not given.

    Returns:
        The cache, and the sha256 of each record's file by image id: the key to its row.

    Raises:
        ImageError: a picture cannot be decoded; the message names its file.
    """
    encoder = encoder or build_encoder(config)
    cache = open_cache(encoder, config, root=cache_dir)
    hashes = hash_pictures(records)
    images = {hashes[record.image_id]: record.image for record in records}
    if any(digest not in cache for digest in images):
        with cache.writing() as writer:
            missing = [item for item in images.items() if item[0] not in cache]
            session = make_session(export_encoder(encoder), name=encoder.name)
            for batch, pixels in _prepared(missing, encoder):
                (features,) = session.run([config.features], {"pixels": pixels})
                writer.append(batch, features)
                progress(sum(digest in cache for digest in images), len(images))
    return cache, hashes


def hash_pictures(records: Sequence[Record]) -> dict[str, str]:
    """Hash the file of each record's picture: image id -> sha256."""
    with ThreadPoolExecutor(available_cpus()) as pool:
        digests = pool.map(lambda r: sha256_hex(r.image.read_bytes()), records)
        return {record.image_id: digest for record, digest in zip(records, digests, strict=True)}


def _prepared(
    items: Sequence[tuple[str, ImageFile]], encoder: Encoder
) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """Decode pictures in threads, a batch ahead of the encoder: hashes, and pixels (B, 3, S, S)."""

    def pixels_of(image: ImageFile) -> NDArray[np.float32]:
        try:
            return prepare(image.read_bytes(), encoder.preprocessing, name=str(image)).pixels
        except ImageError as error:  # the first of who knows how many
            raise ImageError(f"{error}; `showtell data DATA` finds all of them") from error

    with ThreadPoolExecutor(available_cpus()) as pool:
        yield from ahead(
            (list(digests), np.stack(list(pool.map(pixels_of, images))))
            for digests, images in (
                zip(*batch, strict=True) for batch in grouped(items, BATCH_SIZE)
            )
        )
