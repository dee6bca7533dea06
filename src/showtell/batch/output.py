"""The file that a job's records go to, made of its journal."""

import os
from collections.abc import Sequence
from pathlib import Path

from showtell.batch.formats import Format, lines_of, write_parquet
from showtell.batch.job import Outcome
from showtell.batch.memory import Memory
from showtell.errors import ConfigError
from showtell.files import naming, replacing
from showtell.runtime.records import FIELDS


def journal_path(out: Path) -> Path:
    """Give the hidden file beside an output that remembers what is done."""
    return out.with_name(f".{out.name}.journal")


def check_output(out: Path, *, replace: bool) -> None:
    """Refuse to write where something else is.

    Raises:
        ConfigError: the file is there and no run of ours made it, or it is no file.
    """
    if out.exists() and not out.is_file():
        raise ConfigError(f"--out writes a file; {out} is something else")
    if out.exists() and not replace and not journal_path(out).exists():
        raise ConfigError(
            f"{out} is there already, and no journal of a run that it could go on with; "
            "give another --out, or --on-existing overwrite to replace it"
        )


class Output:
    """Writes records to a file: JSON Lines as they come, other formats when the run ends.

    However a run ends, the journal has its records: the next one brings the file up to date.
    """

    def __init__(
        self,
        path: Path,
        form: Format,
        journal: Memory,
        fields: Sequence[str] = FIELDS,
        *,
        sentences: int = 1,
    ) -> None:
        self.path, self._form, self._journal, self._fields = path, form, journal, fields
        self._sentences = sentences  # at most so many for each photo, in text
        if form == "jsonl":
            self._rewrite()

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Take in what a run gives.

        Raises:
            OSError: the disk is full; the file ends with a whole line.
        """
        if self._form != "jsonl":
            return
        named = [(one.photo.name, one.record) for one in outcomes if one.record]
        lines = "".join(lines_of("jsonl", named, self._fields)).encode()
        with naming(self.path), self.path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                written = file.write(lines)
                if written != len(lines):  # a disk that fills up takes a part, without an error
                    file.write(lines[written:])
            except OSError:
                file.truncate(end)
                raise

    def finish(self) -> None:
        """Bring the file up to date.

        Raises:
            OSError: it cannot be written; the old one is still whole.
        """
        if self._form != "jsonl" or self._journal.superseded:
            self._rewrite()

    def _rewrite(self) -> None:
        with replacing(self.path) as file:
            if self._form == "parquet":
                write_parquet(file, self._journal.records(), self._fields)
                return
            records = self._journal.records()
            for line in lines_of(self._form, records, self._fields, sentences=self._sentences):
                file.write(line.encode())
