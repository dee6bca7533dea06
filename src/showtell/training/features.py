"""Features of pictures: looked up in the cache, computed where they are missing.

Frozen features go through the encoder's ONNX export, several times faster on a CPU than PyTorch
and the same arithmetic that captions photos later. Of a photo several kinds can be kept:

| kind       | shape    |                                                                  |
|------------|----------|------------------------------------------------------------------|
| `grid`     | (L, D)   | what a decoder that attends reads                                |
| `pooled`   | (1, D)   | what others read                                                 |
| `concepts` | (C,)     | probabilities, of an encoder that has learned to name them       |
| `trunk`    | (T, h, w)| what the top of an `EfficientNetLite` reads; by itself alone     |
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image

from showtell.config import EncoderConfig
from showtell.data.batches.ahead import ahead, grouped
from showtell.data.batches.augment import View
from showtell.data.batches.cache import FeatureCache, default_cache_dir
from showtell.data.records import ImageFile, Record
from showtell.errors import ImageError
from showtell.exporting.onnx import export_encoder, export_trunk
from showtell.files import sha256_hex
from showtell.images import prepare
from showtell.models.encoders import Encoder, build_encoder, hash_weights
from showtell.models.encoders.efficientnet_lite import EfficientNetLite
from showtell.progress import Progress, no_progress
from showtell.runtime.session import InferenceSession, available_cpus, make_session

BATCH_SIZE = 16  # pictures at once through the encoder; more is no faster on a CPU


def compute_features(
    records: Sequence[Record],
    config: EncoderConfig,
    *,
    encoder: Encoder | None = None,
    cache_dir: Path | None = None,
    progress: Progress = no_progress,
) -> tuple[FeatureCache, dict[str, str]]:
    """Make sure that the cache holds the features of all records, of the kind the config says.

    A run that is stopped keeps what it has computed; the next goes on from there.

    Args:
        encoder: that of the config if not given.

    Returns:
        The cache, and the sha256 of each record's file by image id: the key to its row.

    Raises:
        ImageError: a picture cannot be decoded; the message names its file.
    """
    hashes = hash_pictures(records)
    caches = compute_kinds(
        {hashes[record.image_id]: record.image for record in records},
        encoder or build_encoder(config),
        [config.features],
        cache_dir=cache_dir,
        progress=progress,
    )
    return caches[config.features], hashes


def compute_kinds(
    images: Mapping[str, ImageFile],
    encoder: Encoder,
    kinds: Sequence[str],
    *,
    view: View | None = None,
    open_session: Callable[[], InferenceSession] | None = None,
    cache_dir: Path | None = None,
    progress: Progress = no_progress,
) -> dict[str, FeatureCache]:
    """Make sure that caches hold several kinds of features of pictures, in one look at each.

    A run that is stopped keeps what it has computed; the next goes on from there.

    Args:
        images: by the sha256 of their files.
        kinds: `"trunk"` alone, or any of the others.
        view: how the pictures are altered first; None: not at all.
        open_session: gives what `encoder_session` does, for those who look several times.

    Returns:
        The cache of each kind.

    Raises:
        ImageError: a picture cannot be decoded; the message names its file.
    """
    caches = {kind: open_cache(encoder, kind, view=view, root=cache_dir) for kind in kinds}

    def missing() -> list[str]:
        return [sha256 for sha256 in images if any(sha256 not in c for c in caches.values())]

    if not missing():
        return caches
    with ExitStack() as stack:
        writers = {kind: stack.enter_context(caches[kind].writing()) for kind in sorted(caches)}
        todo = missing()  # another process may have computed some meanwhile
        session = open_session() if open_session else encoder_session(encoder, kinds)
        done = len(images) - len(todo)
        for batch, pixels in _prepared([(d, images[d]) for d in todo], encoder, view):
            found = session.run(list(kinds), {"pixels": pixels})
            for kind, features in zip(kinds, found, strict=True):
                fresh = [i for i, sha256 in enumerate(batch) if sha256 not in caches[kind]]
                writers[kind].append([batch[i] for i in fresh], features[fresh])
            done += len(batch)
            progress(done, len(images))
    return caches


def encoder_session(encoder: Encoder, kinds: Sequence[str]) -> InferenceSession:
    """Export what gives these kinds of features, which takes seconds, and get it ready to run."""
    graph = export_trunk(encoder) if "trunk" in kinds else export_encoder(encoder)
    return make_session(graph, name=encoder.name)


def open_cache(
    encoder: Encoder, kind: str, *, view: View | None = None, root: Path | None = None
) -> FeatureCache:
    """Open the cache of what an encoder sees, below the user's cache folder unless told otherwise.

    Args:
        kind: of features; the module tells of them.
        view: how the pictures were altered.
    """
    made_by: dict[str, Any] = {
        "encoder": encoder.name,
        "weights_sha256": encoder.sha256,
        "preprocessing": asdict(encoder.preprocessing),
        "features": kind,
    }
    if kind == "concepts":
        assert encoder.recogniser is not None
        made_by["recogniser_sha256"] = hash_weights(encoder.recogniser)
    if view:
        made_by["view"] = asdict(view)
    return FeatureCache(root or default_cache_dir(), made_by=made_by, shape=_shape(encoder, kind))


def _shape(encoder: Encoder, kind: str) -> tuple[int, ...]:
    if kind == "concepts":
        assert encoder.recogniser is not None
        return (len(encoder.recogniser.concepts),)
    if kind == "trunk":
        assert isinstance(encoder.network, EfficientNetLite)
        size = encoder.preprocessing.size
        with torch.inference_mode():
            return tuple(encoder.network.trunk(torch.zeros(1, 3, size, size)).shape[1:])
    return encoder.feature_shape(kind)


def hash_pictures(records: Sequence[Record]) -> dict[str, str]:
    """Hash the file of each record's picture: image id -> sha256."""
    digests = hash_files([record.image for record in records])
    return {record.image_id: digest for record, digest in zip(records, digests, strict=True)}


def hash_files(images: Sequence[ImageFile]) -> list[str]:
    """Hash files: the sha256 of each."""
    with ThreadPoolExecutor(available_cpus()) as pool:
        return list(pool.map(lambda image: sha256_hex(image.read_bytes()), images))


def _prepared(
    items: Sequence[tuple[str, ImageFile]], encoder: Encoder, view: View | None
) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """Decode pictures in threads, a batch ahead of the encoder: hashes, and pixels (B, 3, S, S)."""

    def pixels_of(item: tuple[str, ImageFile]) -> NDArray[np.float32]:
        sha256, image = item

        def alter(photo: Image) -> Image:
            return view.alter(photo, sha256) if view else photo

        try:
            return prepare(
                image.read_bytes(), encoder.preprocessing, name=str(image), alter=alter
            ).pixels
        except ImageError as error:  # the first of who knows how many
            raise ImageError(f"{error}; `showtell data DATA` finds all of them") from error

    with ThreadPoolExecutor(available_cpus()) as pool:
        yield from ahead(
            ([sha256 for sha256, _ in batch], np.stack(list(pool.map(pixels_of, batch))))
            for batch in grouped(items, BATCH_SIZE)
        )
