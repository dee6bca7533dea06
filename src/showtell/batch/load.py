"""Reading one photo, in a worker thread: what is there already, its bytes, its pixels."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from showtell.batch.stamp import Stamp, stamp_of
from showtell.errors import ImageError, ShowtellError
from showtell.files import sha256_hex
from showtell.images import PreparedImage, check_file, check_header, explain, meant_as_picture
from showtell.runtime.records import Photo

LARGE_FILE = 128 * 2**20  # bytes; larger ones are read piece by piece, not held


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A photo as the captioner wants it, or why not. One that is passed over has neither."""

    photo: Photo
    image: PreparedImage | None = None
    sha256: str | None = None  # of the file
    stamp: Stamp | None = None  # from before it was read
    error: ImageError | None = None
    existing: Mapping[int, str] = field(default_factory=dict)  # by number of the destination
    elapsed_ms: float = 0.0
    done: bool = False  # by an earlier run; it was not opened

    @property
    def passed_over(self) -> bool:
        """Whether the file, found in a folder, is no picture."""
        return not (self.image or self.error or self.existing or self.done)


@dataclass(frozen=True)
class Loader:
    """Loads photos for one captioner and one job."""

    prepare: Callable[..., PreparedImage]
    max_image_mpixels: float
    existing: Callable[[Photo], Mapping[int, str]]
    wanted: Callable[[Mapping[int, str]], bool]  # whether to go on, seeing what exists

    def load(self, photo: Photo) -> Loaded:
        """Read a photo; whatever is wrong with it is in the result."""
        return self._guarded(photo, lambda: self._load(photo))

    def look(self, photo: Photo) -> Loaded:
        """Do the same without decoding; what would be loaded is as if it were done."""

        def look() -> Loaded:
            found = self._early(photo)
            if isinstance(found, Loaded):
                return found
            if isinstance(photo.source, Path):
                check_header(photo.source, max_image_mpixels=self.max_image_mpixels)
            return Loaded(photo=photo, done=True)

        return self._guarded(photo, look)

    def _load(self, photo: Photo) -> Loaded:
        started, stamp = time.perf_counter(), stamp_of(photo.source)
        found = self._early(photo)
        if isinstance(found, Loaded):
            return found
        image, sha256 = self._read(photo)
        return Loaded(
            photo=photo,
            image=image,
            sha256=sha256,
            stamp=stamp,
            existing=found,
            elapsed_ms=1000 * (time.perf_counter() - started),
        )

    def _early(self, photo: Photo) -> Loaded | Mapping[int, str]:
        """Give the result where a photo need not be read, or else the words that are there."""
        if photo.trouble:
            raise ImageError(photo.trouble)
        if isinstance(photo.source, Path):
            if not photo.named and not meant_as_picture(photo.source):
                return Loaded(photo=photo)
            check_file(photo.source)  # before its metadata are looked at
        existing = self.existing(photo)
        return existing if self.wanted(existing) else Loaded(photo=photo, existing=existing)

    def _guarded(self, photo: Photo, work: Callable[[], Loaded]) -> Loaded:
        try:
            return work()
        except ShowtellError as error:
            named = _as_image_error(photo, error)
        except (OSError, ValueError) as error:  # the file was there a moment ago
            code, reason = explain(error)
            named = ImageError(f"{photo.name}: {reason}", code)
        return Loaded(photo=photo, stamp=stamp_of(photo.source), error=named)

    def _read(self, photo: Photo) -> tuple[PreparedImage, str]:
        """Decode and hash the same bytes, even if the file is replaced meanwhile."""
        source = photo.source
        if isinstance(source, Path):
            if source.stat().st_size > LARGE_FILE:
                return self._prepare(source, photo.name), _hash_of(source)
            source = source.read_bytes()
            if not source:
                raise ImageError(f"{photo.name}: the file is empty (0 bytes)", "empty")
        return self._prepare(source, photo.name), sha256_hex(source)

    def _prepare(self, source: Path | bytes, name: str) -> PreparedImage:
        return self.prepare(source, name=name, max_image_mpixels=self.max_image_mpixels)


def _as_image_error(photo: Photo, error: ShowtellError) -> ImageError:
    """Give an error the photo's name and a code, where it has none: a sidecar may be at fault."""
    message = str(error)
    if photo.name not in message:
        message = f"{photo.name}: {message}"
    return ImageError(message, getattr(error, "code", "existing"))


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
