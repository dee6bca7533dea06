"""What an encoder sees of photos, in every kind and view that a run asks for, out of caches."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from showtell.config import Config
from showtell.data.batches.augment import View
from showtell.data.batches.photos import CachedFeatures
from showtell.data.reading.tree import pictures_in
from showtell.data.records import ImageFile
from showtell.models.encoders import Encoder
from showtell.progress import Progress
from showtell.training.features import compute_kinds, encoder_session, hash_files


def photos_in(folder: Path) -> dict[str, ImageFile]:
    """Give the different pictures below a folder by their sha256.

    Raises:
        DataError: it is no folder, or holds no picture.
    """
    files = pictures_in(folder)
    return dict(zip(hash_files(files), files, strict=True))


class Looks:
    """Computes what is not cached yet, view after view, and reports all of it as one work."""

    def __init__(
        self,
        config: Config,
        encoder: Encoder,
        kinds: Sequence[str],
        *,
        cache_dir: Path | None,
        progress: Progress,
        total: int,
    ) -> None:
        """Get ready to look.

        Args:
            config: says how photos are altered.
            kinds: of features, as `compute_kinds` takes them.
            progress: looks done, of `total`.
        """
        self._config, self._encoder, self._kinds = config, encoder, kinds
        self._cache_dir, self._progress, self._total = cache_dir, progress, total
        self._done = 0
        self._session = cache(lambda: encoder_session(encoder, kinds))

    def at(
        self, images: Mapping[str, ImageFile], rows: Sequence[str], *, views: int = 1
    ) -> dict[str, list[CachedFeatures]]:
        """Give so many views of photos, the first of them as they are, by kind.

        Args:
            images: by the sha256 of their files.
            rows: these hashes in the order in which the photos are numbered.

        Raises:
            ImageError: a picture cannot be decoded.
        """
        found: dict[str, list[CachedFeatures]] = {kind: [] for kind in self._kinds}
        for number in range(views):
            caches = compute_kinds(
                images,
                self._encoder,
                self._kinds,
                view=self._view(number),
                open_session=self._session,
                cache_dir=self._cache_dir,
                progress=lambda done, _: self._progress(self._done + done, self._total),
            )
            self._done += len(images)
            for kind, kept in caches.items():
                found[kind].append(CachedFeatures(kept.open(), kept.rows(rows)))
        return found

    def _view(self, number: int) -> View | None:
        if number == 0:
            return None
        altered = self._config.finetuning
        return View(number=number, flip=altered.flip, crop=altered.crop, seed=self._config.seed)
