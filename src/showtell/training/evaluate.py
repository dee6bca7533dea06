"""Captions of a training run: of its best epoch, in PyTorch, from cached features."""

from collections.abc import Sequence
from pathlib import Path

from showtell.config import BeamConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.data.records import Record
from showtell.progress import Progress, no_progress
from showtell.training.features import hash_pictures
from showtell.training.looks import Looks
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
    looks_at = ["concepts"] if run.config.decoder.concept_places else []
    hashes = hash_pictures(records)
    looks = Looks(
        run.config,
        run.build_encoder(),
        [run.config.encoder.features, *looks_at],
        cache_dir=cache_dir,
        progress=features_progress,
        total=len(records),
    )
    seen = looks.at(
        {hashes[record.image_id]: record.image for record in records},
        [hashes[record.image_id] for record in records],
    )
    photos, *concepts = (views[0] for views in seen.values())
    dataset = CaptionDataset(records, vocabulary, photos, *concepts)
    return caption_dataset(decoder, dataset, vocabulary, config, progress=progress)
