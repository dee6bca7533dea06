"""What `showtell evaluate` scores: captions from a file, from a training run or from a bundle."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showtell.cli import console
from showtell.config import override
from showtell.errors import DataError

if TYPE_CHECKING:
    from showtell.data.reading.caption_files import Entry
    from showtell.data.records import Record

_ZIP = b"PK"  # how a bundle file begins


@dataclass(frozen=True, kw_only=True)
class Material:
    """What captions are scored on."""

    references: "Sequence[Entry]"
    split: str | None
    records: "Sequence[Record]" = ()  # pictures with their captions, where a dataset was given
    corpus: Mapping[str, Sequence[str]] | None  # for CIDEr's document frequencies
    training: Sequence[str] | None  # captions that a system may have copied


def read_material(
    references: Path | None,
    data: Path | None,
    *,
    split: str | None,
    df: Path | None,
    training: Path | None,
) -> Material:
    """Read a file of references, or a dataset: of that, the split `val` if none is given.

    Raises:
        DataError: a file or the dataset cannot be used.
    """
    from showtell.data.pairing import all_of
    from showtell.data.references import entries_of, read_references, read_training
    from showtell.data.sources import load_dataset

    records: Sequence[Record] = ()
    entries: Sequence[Entry] = ()
    seen = [t for entry in read_training(training) for t in entry.texts] if training else None
    if data:
        dataset = load_dataset(data)
        split = split or "val"
        records, entries = dataset.require(split), entries_of(dataset, split)
        if seen is None and "train" in dataset.splits:
            seen = [t for record in dataset.splits["train"].records for t in record.captions]
    return Material(
        references=read_references(references, split) if references else entries,
        split=split,
        records=records,
        corpus=all_of(read_training(df)) if df else None,
        training=seen,
    )


@dataclass(frozen=True)
class System:
    """Captions of some images beside what people wrote of them."""

    name: str
    captions: dict[str, str]
    references: dict[str, tuple[str, ...]]
    decoding: Mapping[str, str] = field(default_factory=dict)  # for the signature; {} of a file


@dataclass(frozen=True, kw_only=True)
class SystemReader:
    """Gets captions from whatever a name stands for."""

    material: Material
    asked: Mapping[str, float | None]  # by the user, of decoding
    cache_dir: Path | None
    bar: console.ProgressBar

    def read(self, name: str) -> System:
        """Read a file of captions, or let a model write them.

        Raises:
            ShowtellError: neither is there, or it cannot be used.
        """
        from showtell.data.pairing import all_of

        path = Path(name)
        # A pipe is read once, not looked into.
        is_captions = path.exists() and not path.is_dir() and not (path.is_file() and _is_zip(path))
        if name == "-" or is_captions or not self.material.records:
            return self._file(name)
        captions, decoding = (
            self._run(path) if (path / "config.json").exists() else self._bundle(name)
        )
        return System(name, captions, all_of(self.material.references), decoding)

    def _file(self, name: str) -> System:
        from showtell.data.pairing import pair_up
        from showtell.data.reading.caption_files import parse_captions, read_file

        if any(value is not None for value in self.asked.values()):
            raise click.UsageError(f"{name} is a file of captions: there is nothing to search")
        path = Path(name)
        if name != "-" and not path.exists():
            raise DataError(f"no captions at {name}; to let a model write them, give --data DATA")
        if path.is_dir():
            raise DataError(f"{name} is a folder; if it is a model, give --data DATA")
        data = sys.stdin.buffer.read() if name == "-" else read_file(path)
        if data.startswith(_ZIP):
            raise DataError(f"{name} is a zip; if it is a model, give --data DATA")
        entries = parse_captions(data, "stdin" if name == "-" else name)
        return System(name, *pair_up(entries, self.material.references))

    def _run(self, path: Path) -> tuple[dict[str, str], dict[str, str]]:
        from showtell.extras import require_extra

        require_extra("train", purpose="scoring a training run")
        from showtell.training.evaluate import caption_with_run
        from showtell.training.run import load_run

        run = load_run(path)
        decoding = override(run.config.decoding, self.asked)
        config = replace(run.config, decoding=decoding).decoding  # refuses what is for bundles
        captions = caption_with_run(
            run,
            self.material.records,
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
        config = override(captioner.bundle.manifest.decoding, self.asked)
        progress = self.bar.stage("captioning")
        captions = caption_records(captioner, self.material.records, config, progress=progress)
        return captions, config.conditions()


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP
