"""The whole of a job: photos in, records out, destinations written."""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from showtell.batch.ahead import in_order
from showtell.batch.describe import describe_batch
from showtell.batch.destinations import Write, carry_out, path_of
from showtell.batch.job import Job, Outcome
from showtell.batch.load import Loaded, Loader
from showtell.batch.memory import Entry, Memory
from showtell.batch.stamp import stamp_of
from showtell.errors import ImageError, ShowtellError
from showtell.files import remove_leftovers
from showtell.images import PreparedImage
from showtell.runtime.captioner import Captioner
from showtell.runtime.records import (
    Maker,
    Note,
    Photo,
    Record,
    error_record,
    failure,
    is_uncertain,
    skipped_record,
)

# After one of these no other file could be written either.
FATAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
SCANNED = 8  # times `batch_size` files are looked at before a batch is ended all the same


def run_job(
    captioner: Captioner,
    photos: Iterable[Photo],
    job: Job,
    journal: Memory,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Outcome]:
    """Caption photos in order, those to come being decoded in threads meanwhile.

    First it finishes what an earlier run had begun. Asked to stop, it ends after the batch in
    hand.

    Raises:
        OSError: the disk is full or read-only; all that was given is kept.
    """
    maker = Maker.of(captioner, job.decoding, job.num_captions)
    journal.keep([_written(entry) for entry in journal.unwritten()])
    for batch in _batches(_loaded(captioner, photos, job, journal), job.batch_size):
        described = describe_batch(captioner, batch, job, maker, journal)
        yield from _settle(batch, described, job, maker, journal)
        if should_stop():
            return


def foresee(photos: Iterable[Photo], job: Job, journal: Memory) -> Iterator[tuple[Photo, str]]:
    """Say what would become of photos, as far as that can be seen without opening them."""
    loader = _loader(job, prepare=None)
    for photo in photos:
        if _is_done(photo, job, journal):
            yield photo, "done before"
            continue
        loaded = loader.look(photo)
        if loaded.error:
            yield photo, f"fail: {loaded.error}"
        elif loaded.done:
            yield photo, "caption"
        elif loaded.existing:
            yield photo, f"skip: it has a caption already: {_short(loaded.existing)}"


def _loader(job: Job, prepare: Callable[..., PreparedImage] | None) -> Loader:
    return Loader(prepare or _never, job.max_image_mpixels, _existing(job), _wanted(job))


def _never(*_: object, **__: object) -> PreparedImage:
    raise AssertionError("nothing is decoded when only looking")


def _is_done(photo: Photo, job: Job, journal: Memory) -> bool:
    """Tell whether an earlier run is done with a photo, and its sidecars are still there."""
    record = journal.done(photo, stamp_of(photo.source))
    if record is None:
        return False
    if is_uncertain(record):
        return True
    return not any(destination.is_missing(photo) for destination in job.destinations)


def _loaded(
    captioner: Captioner, photos: Iterable[Photo], job: Job, journal: Memory
) -> Iterator[Loaded]:
    loader = _loader(job, captioner.prepare)

    def load(item: tuple[Photo, bool]) -> Loaded:
        photo, done = item
        return Loaded(photo=photo, done=True) if done else loader.load(photo)

    # The journal is asked here, in the thread that it belongs to.
    items = ((photo, _is_done(photo, job, journal)) for photo in _tidied(photos, job))
    return in_order(load, items, threads=job.threads, ahead=2 * job.batch_size)


def _tidied(photos: Iterable[Photo], job: Job) -> Iterator[Photo]:
    """Pass photos on; where they are written to, what runs that were killed left goes first."""
    tidy: set[Path] = set()
    for photo in photos:
        if job.destinations and isinstance(photo.source, Path):
            folders = {path_of(photo).parent, *(one.folder(photo) for one in job.destinations)}
            for folder in folders - tidy:
                remove_leftovers(folder)
            tidy |= folders
        yield photo


def _batches(loaded: Iterable[Loaded], size: int) -> Iterator[list[Loaded]]:
    """Give lists with `size` photos to caption, and whatever came between them."""
    batch: list[Loaded] = []
    for one in loaded:
        batch.append(one)
        if sum(each.image is not None for each in batch) == size or len(batch) == SCANNED * size:
            yield batch
            batch = []
    if batch:
        yield batch


def _settle(
    batch: Sequence[Loaded],
    described: Mapping[str, Record],
    job: Job,
    maker: Maker,
    journal: Memory,
) -> Iterator[Outcome]:
    """Keep a batch's records, write beside its photos, and keep what came of that."""
    planned = [_plan(one, described.get(one.photo.name), job, maker) for one in batch]
    entries = [entry for entry in planned if entry and not _keeps_older(entry, journal)]
    journal.keep(entries)
    written = [_written(entry) for entry in entries if entry.writes]
    journal.keep(written, again=True)
    final = {entry.name: entry.record for entry in (*entries, *written)}
    for one in batch:
        yield _outcome(one, final.get(one.photo.name))


def _outcome(loaded: Loaded, record: Record | None) -> Outcome:
    if record is None:
        return Outcome(loaded.photo, "no picture" if loaded.passed_over else "done before", None)
    if record["status"] == "ok":
        return Outcome(loaded.photo, "captioned", record)
    return Outcome(loaded.photo, "failed" if record["error"] else "skipped", record)


def _keeps_older(entry: Entry, journal: Memory) -> bool:
    """Tell whether a photo is skipped for the caption that this job's own record has."""
    return entry.record["status"] == "skipped" and journal.has_caption(entry.name)


def _plan(loaded: Loaded, record: Record | None, job: Job, maker: Maker) -> Entry | None:
    """Give a photo's record and what is to be written; None where there is nothing to tell."""
    photo = loaded.photo
    if loaded.done or loaded.passed_over:
        return None
    if loaded.error:
        return Entry(photo.name, loaded.stamp, error_record(photo, loaded.error, maker), [])
    if record is None:
        note = Note("exists", f"it has a caption already: {_short(loaded.existing)}")
        return Entry(photo.name, loaded.stamp, skipped_record(photo, maker, note), [])
    try:
        writes = _writes(loaded, record, job, maker)
    except (ShowtellError, OSError) as error:
        return Entry(photo.name, loaded.stamp, record | failure("write", str(error)), [])
    return Entry(photo.name, loaded.stamp, record, writes)


def _writes(loaded: Loaded, record: Record, job: Job, maker: Maker) -> list[Write]:
    if is_uncertain(record):
        return []
    left_alone = loaded.existing if job.on_existing == "skip" else {}
    return [
        destination.plan(loaded.photo, record, maker.writer, job.on_existing)
        for number, destination in enumerate(job.destinations)
        if number not in left_alone
    ]


def _written(entry: Entry) -> Entry:
    """Carry out what is planned; what cannot be written becomes the record's error."""
    try:
        stamp = entry.stamp
        for write in entry.writes:
            stamp = carry_out(write, stamp)
    except OSError as error:
        if error.errno in FATAL:
            raise
        why = f"{error.filename or entry.name}: cannot be written ({error.strerror or error})"
        return replace(entry, record=entry.record | failure("write", why), writes=[])
    except ShowtellError as error:
        return replace(entry, record=entry.record | failure("write", str(error)), writes=[])
    return replace(entry, stamp=stamp, writes=[])


def _existing(job: Job) -> Callable[[Photo], Mapping[int, str]]:
    def find(photo: Photo) -> Mapping[int, str]:
        words = (destination.existing(photo) for destination in job.destinations)
        return {number: text for number, text in enumerate(words) if text is not None}

    return find


def _wanted(job: Job) -> Callable[[Mapping[int, str]], bool]:
    def ask(existing: Mapping[int, str]) -> bool:
        if existing and job.on_existing == "error":
            raise ImageError(f"it has a caption already: {_short(existing)}", "exists")
        everywhere = 0 < len(job.destinations) == len(existing)
        return not (everywhere and job.on_existing == "skip")

    return ask


def _short(existing: Mapping[int, str]) -> str:
    text = next(iter(existing.values()))
    return text if len(text) <= 80 else f"{text[:79]}…"
