"""Score a training run: its best epoch, in PyTorch, from cached features."""

from collections.abc import Sequence
from pathlib import Path

from showtell.config import BeamConfig
from showtell.data.dataset import CaptionDataset
from showtell.data.sources import Record
from showtell.metrics import Report
from showtell.progress import Progress, no_progress
from showtell.training.features import compute_features
from showtell.training.run import TrainedRun
from showtell.training.validate import validate


def evaluate_run(
    run: TrainedRun,
    records: Sequence[Record],
    config: BeamConfig,
    *,
    cache_dir: Path | None = None,
    features_progress: Progress = no_progress,
    progress: Progress = no_progress,
) -> tuple[Report, dict[str, str]]:
    """Caption every record and score the captions; give the report and the captions."""
    cache, hashes = compute_features(
        records, run.config.encoder, cache_dir=cache_dir, progress=features_progress
    )
    rows = cache.rows([hashes[record.image_id] for record in records])
    dataset = CaptionDataset(records, run.vocabulary, cache.open(), rows)
    return validate(run.decoder, dataset, run.vocabulary, config, progress=progress)
