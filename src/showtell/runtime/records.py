"""One record for each photo: the shape that CLI, Python, HTTP and files share."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from showtell.config import BeamConfig
from showtell.errors import ImageError
from showtell.files import sha256_hex
from showtell.images import PreparedImage
from showtell.runtime.captioner import Caption, Captioner


@dataclass(frozen=True)
class Photo:
    """A picture to caption, and the name it goes by in what we write."""

    name: str
    source: Path | bytes

    def read_bytes(self) -> bytes:
        """Read the encoded picture."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(frozen=True)
class CaptionRecord:
    """What became of one photo: a caption, or the error that prevented it."""

    photo: Photo
    caption: Caption | None
    error: ImageError | None
    elapsed_ms: float  # its share of the batch

    def to_dict(self, captioner: Captioner, config: BeamConfig) -> dict[str, Any]:
        """The record as JSON has it; see `interfaces` in the documentation."""
        manifest = captioner.bundle.manifest
        caption = self.caption
        candidates = caption.candidates if caption else ()
        return {
            "path": self.photo.name,
            "caption": caption.text if caption else None,
            "confidence": None,  # no bundled model is calibrated yet
            "log_prob": round(caption.log_prob, 4) if caption else None,
            "candidates": [
                {"caption": c.text, "log_prob": round(c.log_prob, 4)} for c in candidates
            ],
            "width": caption.width if caption else None,
            "height": caption.height if caption else None,
            "sha256": sha256_hex(self.photo.read_bytes()) if caption else None,
            "model": {
                "name": manifest.name,
                "version": manifest.version,
                "sha256": manifest.sha256,
            },
            "decoding": asdict(config),
            "elapsed_ms": round(self.elapsed_ms, 1),
            "status": "error" if self.error else "ok",
            "error": {"code": "image", "message": str(self.error)} if self.error else None,
        }


def caption_photos(
    captioner: Captioner, photos: Iterable[Photo], config: BeamConfig, *, batch_size: int = 16
) -> Iterator[CaptionRecord]:
    """Caption photos in order; one that cannot be read becomes a record with its error."""
    iterator = iter(photos)
    while batch := list(islice(iterator, batch_size)):
        started = time.perf_counter()
        prepared = [_try_prepare(captioner, photo) for photo in batch]
        good = [item for item in prepared if isinstance(item, PreparedImage)]
        captions = iter(captioner.caption_many(good, config, batch_size=batch_size))
        found = [next(captions) if isinstance(item, PreparedImage) else item for item in prepared]
        elapsed_ms = 1000 * (time.perf_counter() - started) / len(batch)
        for photo, item in zip(batch, found, strict=True):
            yield _as_record(photo, item, elapsed_ms)


def _try_prepare(captioner: Captioner, photo: Photo) -> PreparedImage | ImageError:
    try:
        return captioner.prepare(photo.source)
    except ImageError as error:
        return error


def _as_record(photo: Photo, item: Caption | ImageError, elapsed_ms: float) -> CaptionRecord:
    return CaptionRecord(
        photo=photo,
        caption=item if isinstance(item, Caption) else None,
        error=item if isinstance(item, ImageError) else None,
        elapsed_ms=elapsed_ms,
    )
