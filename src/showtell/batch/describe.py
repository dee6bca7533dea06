"""From loaded photos to their records: each content is captioned once."""

import time
from collections.abc import Sequence

from showtell.batch.job import Job
from showtell.batch.load import Loaded
from showtell.batch.memory import Memory
from showtell.runtime.caption import Caption
from showtell.runtime.captioner import Captioner
from showtell.runtime.records import Maker, Note, Photo, Record, caption_record, utf8_name


def describe_batch(
    captioner: Captioner, batch: Sequence[Loaded], job: Job, maker: Maker, journal: Memory
) -> dict[str, Record]:
    """Give the records of the photos that have pixels, by the photo's name.

    A photo of the same bytes as another, in this batch or in the journal, gets that one's caption.
    """
    by_content: dict[str, Record] = {}
    new: dict[str, Loaded] = {}  # by content
    for loaded in batch:
        if loaded.sha256 is None or loaded.sha256 in new or loaded.sha256 in by_content:
            continue
        if earlier := journal.same_content(loaded.sha256):
            by_content[loaded.sha256] = earlier
        else:
            new[loaded.sha256] = loaded
    captions, each_ms = _caption(captioner, list(new.values()), job)
    for loaded, caption in zip(new.values(), captions, strict=True):
        by_content[loaded.sha256 or ""] = caption_record(
            loaded.photo,
            caption,
            maker,
            sha256=loaded.sha256 or "",
            elapsed_ms=loaded.elapsed_ms + each_ms,
            notes=_notes(caption, job),
        )
    return {
        loaded.photo.name: _of(loaded.photo, by_content[loaded.sha256])
        for loaded in batch
        if loaded.sha256 is not None
    }


def _caption(captioner: Captioner, new: list[Loaded], job: Job) -> tuple[list[Caption], float]:
    """Caption photos; give the captions, and how long one took, in ms."""
    if not new:
        return [], 0.0
    started = time.perf_counter()
    images = [loaded.image for loaded in new if loaded.image is not None]
    captions = list(captioner.caption_many(images, job.decoding, batch_size=job.batch_size))
    return captions, 1000 * (time.perf_counter() - started) / len(new)


def _notes(caption: Caption, job: Job) -> tuple[Note, ...]:
    if caption.confidence is None or caption.confidence >= job.min_confidence:
        return ()
    why = f"confidence {caption.confidence:.4f} is below {job.min_confidence}"
    return (Note("uncertain", f"{why}: not written beside the photo"),)


def _of(photo: Photo, record: Record) -> Record:
    """Make a record that of a photo with the same bytes."""
    own = utf8_name(photo.name)
    if record["path"] == own:
        return record
    same = Note("identical", f"the same bytes as {record['path']}")
    notes = [note for note in record["notes"] if note["code"] != same.code]
    return record | {"path": own, "elapsed_ms": 0.0, "notes": [*notes, same._asdict()]}
