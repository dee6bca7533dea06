"""Captions of a training run: of its best epoch, in PyTorch, from cached features."""

from collections.abc import Sequence
from pathlib import Path

from showtell.config import BeamConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.batches.photos import CachedFeatures
from showtell.data.records import Record
from showtell.progress import Progress, no_progress
from showtell.training.features import compute_features
from showtell.training.run import TrainedRun
from showtell.training.validate import caption_dataset


def caption_with_run(
    run: TrainedRun,
    records: Sequence[Record],
    config: BeamConfig,
    *,
    cache_dir: Path | None = None,
    features_progress: Progress = no_progress,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Write a caption for every record: image id -> sentence."""
    decoder, vocabulary = run.writer()
    cache, hashes = compute_features(
        records,
        run.config.encoder,
        encoder=run.build_encoder(),
        cache_dir=cache_dir,
        progress=features_progress,
    )
    rows = cache.rows([hashes[record.image_id] for record in records])
    dataset = CaptionDataset(records, vocabulary, CachedFeatures(cache.open(), rows))
    return caption_dataset(decoder, dataset, vocabulary, config, progress=progress)
