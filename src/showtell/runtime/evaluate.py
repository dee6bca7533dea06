"""Score a bundle on a dataset: the whole path from picture files to sentences."""

from collections.abc import Sequence

from showtell.config import BeamConfig
from showtell.data.records import Record
from showtell.metrics import Report, score
from showtell.progress import Progress, no_progress
from showtell.runtime.captioner import Captioner


def caption_records(
    captioner: Captioner,
    records: Sequence[Record],
    config: BeamConfig,
    *,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Write a caption for every record's picture: image id -> sentence.

    Raises:
        ImageError: a picture cannot be decoded; the message names its file.
        DataError: a picture's file cannot be read.
    """
    captions: dict[str, str] = {}
    pictures = (
        captioner.prepare(record.image.read_bytes(), name=str(record.image)) for record in records
    )
    found = captioner.caption_many(pictures, config)
    for record, caption in zip(records, found, strict=True):
        captions[record.image_id] = caption.text
        progress(len(captions), len(records))
    return captions


def evaluate_bundle(
    captioner: Captioner,
    records: Sequence[Record],
    config: BeamConfig,
    *,
    progress: Progress = no_progress,
) -> tuple[Report, dict[str, str]]:
    """Caption every record's picture and score the captions; give the report and the captions.

    Raises:
        ImageError, DataError: as `caption_records`.
    """
    captions = caption_records(captioner, records, config, progress=progress)
    references = {record.image_id: record.captions for record in records}
    split = records[0].split
    return score(captions, references, split=split, decoding=config.conditions()), captions
