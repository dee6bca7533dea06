"""What `showtell evaluate` scores: captions from a file, from a training run or from a bundle."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showtell.cli import console
from showtell.cli.options import override
from showtell.errors import DataError

if TYPE_CHECKING:
    from showtell.data.caption_files import Entry
    from showtell.data.sources import Record

_ZIP = b"PK"  # how a bundle file begins


@dataclass(frozen=True)
class System:
    """Captions of some images beside what people wrote of them."""

    name: str
    captions: dict[str, str]
    references: dict[str, tuple[str, ...]]
    search: Mapping[str, str] = field(default_factory=dict)  # for the signature; {} of a file


@dataclass(frozen=True, kw_only=True)
class SystemReader:
    """Gets captions from whatever a name stands for."""

    references: "Sequence[Entry]"
    records: "Sequence[Record]"  # pictures for models; none where only references are given
    search: Mapping[str, float | None]  # what the user asked of the search
    cache_dir: Path | None
    bar: console.ProgressBar

    def read(self, name: str) -> System:
        """Read a file of captions, or let a model write them.

        Raises:
            ShowtellError: neither is there, or it cannot be used.
        """
        from showtell.data.pairing import pair_up

        path = Path(name)
        if not self.records and name != "-" and not path.exists():
            raise DataError(f"no captions at {name}; to let a model write them, give --data DIR")
        if name == "-" or not self.records or (path.is_file() and not _is_zip(path)):
            if any(value is not None for value in self.search.values()):
                raise click.UsageError(f"{name} is a file of captions: there is nothing to search")
            return System(name, *pair_up(_read(name), self.references))
        captions, search = (
            self._run(path) if (path / "config.json").exists() else self._bundle(name)
        )
        references = {record.image_id: record.captions for record in self.records}
        return System(name, captions, references, search)

    def _run(self, path: Path) -> tuple[dict[str, str], dict[str, str]]:
        from showtell.extras import require_extra

        require_extra("train", purpose="scoring a training run")
        from showtell.training.evaluate import caption_with_run
        from showtell.training.run import load_run

        run = load_run(path)
        config = override(run.config.decoding, self.search)
        captions = caption_with_run(
            run,
            self.records,
            config,
            cache_dir=self.cache_dir,
            features_progress=self.bar.stage("features"),
            progress=self.bar.stage("captioning"),
        )
        return captions, config.conditions()

    def _bundle(self, name: str) -> tuple[dict[str, str], dict[str, str]]:
        from showtell.runtime.captioner import Captioner
        from showtell.runtime.evaluate import caption_records

        captioner = Captioner.load(name)
        config = override(captioner.bundle.manifest.decoding, self.search)
        progress = self.bar.stage("captioning")
        captions = caption_records(captioner, self.records, config, progress=progress)
        return captions, config.conditions()


def _read(name: str) -> "list[Entry]":
    from showtell.data.caption_files import parse_captions
    from showtell.data.references import read_entries

    if name == "-":
        return parse_captions(sys.stdin.buffer.read(), "stdin")
    return read_entries(Path(name))


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP
