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
    sha256: str | None  # of the photo's file
    elapsed_ms: float  # its share of the batch

    def to_dict(self, captioner: Captioner, config: BeamConfig) -> dict[str, Any]:
        """The record as JSON has it; see docs/command-line.md."""
        manifest = captioner.bundle.manifest
        caption = self.caption
        candidates = caption.candidates if caption else ()
        return {
            "path": _as_utf8(self.photo.name),
            "caption": caption.text if caption else None,
            "confidence": _rounded(caption.confidence if caption else None),
            "log_prob": _rounded(caption.log_prob if caption else None),
            "candidates": [
                {"caption": c.text, "log_prob": round(c.log_prob, 4)} for c in candidates
            ],
            "width": caption.width if caption else None,
            "height": caption.height if caption else None,
            "sha256": self.sha256,
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


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _as_utf8(name: str) -> str:
    r"""Write the bytes of a file name that are not UTF-8 as \xNN, so that JSON can hold it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def caption_photos(
    captioner: Captioner, photos: Iterable[Photo], config: BeamConfig, *, batch_size: int = 16
) -> Iterator[CaptionRecord]:
    """Caption photos in order; one that cannot be read becomes a record with its error."""
    iterator = iter(photos)
    while batch := list(islice(iterator, batch_size)):
        started = time.perf_counter()
        opened = [_try_open(captioner, photo) for photo in batch]
        images = [item.image for item in opened if isinstance(item, _Opened)]
        captions = iter(list(captioner.caption_many(images, config, batch_size=batch_size)))
        elapsed_ms = 1000 * (time.perf_counter() - started) / len(batch)
        for photo, item in zip(batch, opened, strict=True):
            if isinstance(item, _Opened):
                yield CaptionRecord(photo, next(captions), None, item.sha256, elapsed_ms)
            else:
                yield CaptionRecord(photo, None, item, None, elapsed_ms)


@dataclass(frozen=True)
class _Opened:
    image: PreparedImage
    sha256: str


def _try_open(captioner: Captioner, photo: Photo) -> _Opened | ImageError:
    try:
        return _Opened(captioner.prepare(photo.source), sha256_hex(photo.read_bytes()))
    except ImageError as error:
        return error
    except OSError as error:  # the file was there a moment ago
        return ImageError(f"{photo.name}: cannot be read ({error.strerror})")
