"""What a job has done, in one SQLite file: kills at any instant leave it whole.

A record is kept before anything is written beside its photo, together with what is to be written
there, so that a run which was killed in between is finished by the next one.
"""

import errno
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from showtell.batch.job import JobSettings
from showtell.batch.memory import Entry, Memory
from showtell.batch.stamp import Stamp
from showtell.batch.upgrade import begin_anew, upgrade
from showtell.config import changed_settings, to_plain
from showtell.errors import ConfigError
from showtell.runtime.records import Photo, Record, read_record

# Another version of these, or of the settings' form, is another number in `upgrade`.
_TABLES = """
CREATE TABLE IF NOT EXISTS job (
    settings TEXT NOT NULL           -- JSON of `JobSettings`
);
CREATE TABLE IF NOT EXISTS photos (
    id INTEGER PRIMARY KEY,          -- in the order in which they were found
    name BLOB NOT NULL UNIQUE,       -- as the file system has it
    size INTEGER, mtime_ns INTEGER,  -- of the file when it was read
    sha256 TEXT,
    status TEXT NOT NULL,
    record TEXT NOT NULL,            -- JSON
    writes TEXT                      -- JSON; what is still to be written beside the photo
);
CREATE INDEX IF NOT EXISTS by_content ON photos (sha256) WHERE status = 'ok';
CREATE INDEX IF NOT EXISTS unwritten ON photos (id) WHERE writes IS NOT NULL;
"""
_UPSERT = """
INSERT INTO photos (name, size, mtime_ns, sha256, status, record, writes)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
    sha256 = excluded.sha256, status = excluded.status, record = excluded.record,
    writes = excluded.writes
"""

LOCK_S = 1.0  # for how long another's lock is waited for: somebody who looks lets go at once


class Journal(Memory):
    """The records of a job. Use it in one thread."""

    def __init__(
        self,
        path: Path | None,
        settings: JobSettings,
        *,
        anew: bool = False,
        only_look: bool = False,
    ) -> None:
        """Open the journal of a job, or begin it, and keep other runs out until it is closed.

        Args:
            path: none for one that ends with the process; it lies on disk too, not in memory.
            settings: what makes this job; another's journal is refused.
            anew: forget what the file holds.
            only_look: read the file, which must be there, and let go of it: what is done with the
                journal afterwards does not reach it.

        Raises:
            ConfigError: the file is another job's, another run has it open, or it is no journal.
            OSError: it cannot be read or written.
        """
        self.path = path
        self.superseded = False  # whether a record took the place of an older one
        with self._naming():
            if path and only_look:
                self._db = _copied(path)
            else:
                if path:
                    path.parent.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(path or "", timeout=LOCK_S)
            try:
                self._begin(settings, anew=anew)
            except BaseException:
                self._db.close()
                raise

    def _begin(self, settings: JobSettings, *, anew: bool) -> None:
        with self._db:  # all of it or, where the journal is refused, nothing
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")  # the lock outlasts the block
            if anew:
                begin_anew(self._db)
            for statement in _TABLES.split(";\n"):
                self._db.execute(statement)
            try:
                upgrade(self._db)
                self._claim(settings)
            except ValueError as error:
                raise ConfigError(f"{self.path} cannot be gone on with: {error}") from error

    def _claim(self, settings: JobSettings) -> None:
        row = self._db.execute("SELECT settings FROM job").fetchone()
        if row is None:
            kept = json.dumps(to_plain(settings))
            self._db.execute("INSERT INTO job VALUES (?)", (kept,))
        elif changed := changed_settings(json.loads(row[0]), settings):
            raise ConfigError(
                f"{self.path}: the output was made by another job, which differs in "
                f"{', '.join(changed)}; give another --out, or --on-existing overwrite to begin it "
                "anew"
            )

    def done(self, photo: Photo, stamp: Stamp | None) -> Record | None:
        """Give the record of a photo that an earlier run captioned, if its file is the same."""
        if self.path is None:
            return None
        query = "SELECT size, mtime_ns, record FROM photos WHERE name = ? AND status = 'ok'"
        row = self._db.execute(query, (os.fsencode(photo.name),)).fetchone()
        is_same = row is not None and stamp is not None and Stamp(*row[:2]) == stamp
        return read_record(row[2]) if is_same else None

    def has_caption(self, name: str) -> bool:
        """Tell whether a photo got a caption."""
        query = "SELECT 1 FROM photos WHERE name = ? AND status = 'ok'"
        return self._db.execute(query, (os.fsencode(name),)).fetchone() is not None

    def knows(self, name: str) -> bool:
        """Tell whether there is a record of a photo, whatever became of it."""
        query = "SELECT 1 FROM photos WHERE name = ?"
        return self._db.execute(query, (os.fsencode(name),)).fetchone() is not None

    def same_content(self, sha256: str) -> Record | None:
        """Give the record of a photo with these bytes, if one got a caption."""
        query = "SELECT record FROM photos WHERE sha256 = ? AND status = 'ok' ORDER BY id"
        row = self._db.execute(query, (sha256,)).fetchone()
        return read_record(row[0]) if row else None

    def keep(self, entries: Iterable[Entry], *, again: bool = False) -> None:
        """Take in records, all or none; a newer one takes the place of an older one's.

        Args:
            again: they are in it already, and only what was to be written has been.
        """
        with self._naming(), self._db:
            for entry in entries:
                name = os.fsencode(entry.name)
                self.superseded |= not again and self.knows(entry.name)
                record = entry.record
                row = (name, *(entry.stamp or (None, None)), record["sha256"], record["status"])
                writes = json.dumps(entry.writes) if entry.writes else None
                self._db.execute(_UPSERT, (*row, json.dumps(record), writes))

    def unwritten(self) -> list[Entry]:
        """Give what an earlier run was about to write when it was killed."""
        query = "SELECT name, size, mtime_ns, record, writes FROM photos WHERE writes IS NOT NULL"
        return [
            Entry(
                os.fsdecode(name), _stamp(size, mtime_ns), read_record(record), json.loads(writes)
            )
            for name, size, mtime_ns, record, writes in self._db.execute(query)
        ]

    def records(self) -> Iterator[tuple[str, Record]]:
        """Give the names of all photos and their records, in the order they were first found."""
        for name, record in self._db.execute("SELECT name, record FROM photos ORDER BY id"):
            yield os.fsdecode(name), read_record(record)

    def commonest_caption(self) -> tuple[str, int, int]:
        """Give the caption that most different photos got, how many did, and of how many."""
        query = """
            SELECT json_extract(record, '$.caption') AS caption, COUNT(DISTINCT sha256) AS n
            FROM photos WHERE status = 'ok' GROUP BY caption ORDER BY n DESC, caption LIMIT 1
        """
        caption, count = self._db.execute(query).fetchone() or ("", 0)
        query = "SELECT COUNT(DISTINCT sha256) FROM photos WHERE status = 'ok'"
        return caption, count, self._db.execute(query).fetchone()[0]

    def num_below(self, confidence: float) -> tuple[int, int]:
        """Count captions of lower confidence, and all that have one."""
        query = """
            SELECT COALESCE(SUM(json_extract(record, '$.confidence') < ?), 0),
                   COUNT(json_extract(record, '$.confidence'))
            FROM photos WHERE status = 'ok'
        """
        low, counted = self._db.execute(query, (confidence,)).fetchone()
        return low, counted

    def close(self) -> None:
        """Leave the file to others."""
        self._db.close()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Turn SQLite's errors into what the rest of the program knows."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_BUSY:
                why = f"{self.path}: another run is writing this output; wait for it to end"
                raise ConfigError(why) from error
            if code == sqlite3.SQLITE_NOTADB:
                raise ConfigError(f"{self.path} is no journal of showtell") from error
            number = {
                sqlite3.SQLITE_FULL: errno.ENOSPC,
                sqlite3.SQLITE_READONLY: errno.EROFS,
                sqlite3.SQLITE_CANTOPEN: errno.EACCES,
            }.get(code, errno.EIO)
            why = os.strerror(number) if number != errno.EIO else str(error)
            raise OSError(number, why, str(self.path or "journal")) from error


def _copied(path: Path) -> sqlite3.Connection:
    """Copy a journal to where it ends with the process, and leave the file to others."""
    copy = sqlite3.connect("")
    address = f"{path.absolute().as_uri()}?mode=rw"  # what a kill left half done is taken back
    with closing(sqlite3.connect(address, uri=True, timeout=LOCK_S)) as source:
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_master").fetchone()  # `backup` would wait for ever
        source.backup(copy)
    return copy


def _stamp(size: int | None, mtime_ns: int | None) -> Stamp | None:
    return None if size is None or mtime_ns is None else Stamp(size, mtime_ns)
