"""What is scored: captions from a file, from a training run or from a bundle. And on what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import IO, Any

from showtell.config import override
from showtell.data.pairing import all_of, pair_up
from showtell.data.reading.caption_files import Entry, parse_captions, read_file
from showtell.data.records import Record
from showtell.data.references import entries_of, read_references, read_training
from showtell.data.sources import load_dataset
from showtell.errors import ConfigError, DataError
from showtell.progress import Stages, stage

ZIP = b"PK"  # how a bundle file begins
Captions = dict[str, str]  # image id -> sentence
Target = str | PathLike[str] | IO[bytes]  # a file of captions, or a model by path or name


@dataclass(frozen=True, kw_only=True)
class Material:
    """What captions are scored on."""

    references: Sequence[Entry]
    split: str | None
    records: Sequence[Record] = ()  # pictures with their captions, where a dataset was given
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
    captions: Captions
    references: dict[str, tuple[str, ...]]
    decoding: Mapping[str, str] = field(default_factory=dict)  # for the signature; {} of a file


@dataclass(frozen=True, kw_only=True)
class SystemReader:
    """Gets captions from whatever a target stands for."""

    material: Material
    search: Mapping[str, Any]  # changes of how a model searches
    cache_dir: Path | None
    progress: Stages

    def read(self, target: Target) -> System:
        """Read a file of captions, or let a model write them.

        Raises:
            ShowtellError: neither is there, or it cannot be used.
        """
        if not isinstance(target, str | PathLike):
            return self._parse(target.read(), _name_of(target))
        path = Path(target)
        # A pipe is read once, not looked into.
        is_captions = path.exists() and not path.is_dir() and not _is_zip(path)
        if is_captions or not self.material.records:
            return self._file(path)
        captions, decoding = (
            self._run(path) if (path / "config.json").exists() else self._bundle(target)
        )
        return System(str(target), captions, all_of(self.material.references), decoding)

    def _file(self, path: Path) -> System:
        self._refuse_search(str(path))
        if not path.exists():
            raise DataError(f"no captions at {path}; to let a model write them, give --data DATA")
        if path.is_dir():
            raise DataError(f"{path} is a folder; if it is a model, give --data DATA")
        return self._parse(read_file(path), str(path))

    def _parse(self, data: bytes, name: str) -> System:
        self._refuse_search(name)
        if data.startswith(ZIP):
            raise DataError(f"{name} is a zip; if it is a model, give --data DATA")
        return System(name, *pair_up(parse_captions(data, name), self.material.references))

    def _refuse_search(self, name: str) -> None:
        if any(value is not None for value in self.search.values()):
            raise ConfigError(f"{name} is a file of captions: there is nothing to search")

    def _run(self, path: Path) -> tuple[Captions, dict[str, str]]:
        from showtell.extras import require_extra

        require_extra("train", purpose="scoring a training run")
        from showtell.training.evaluate import caption_with_run
        from showtell.training.run import load_run

        run = load_run(path)
        decoding = override(run.config.decoding, self.search)
        config = replace(run.config, decoding=decoding).decoding  # refuses what is for bundles
        captions = caption_with_run(
            run,
            self.material.records,
            config,
            cache_dir=self.cache_dir,
            features_progress=stage(self.progress, "features"),
            progress=stage(self.progress, "captioning"),
        )
        return captions, config.conditions()

    def _bundle(self, model: str | PathLike[str]) -> tuple[Captions, dict[str, str]]:
        from showtell.runtime.captioner import Captioner
        from showtell.runtime.evaluate import caption_records

        captioner = Captioner.load(model if isinstance(model, str) else Path(model))
        config = captioner.search_config(**self.search)
        progress = stage(self.progress, "captioning")
        captions = caption_records(captioner, self.material.records, config, progress=progress)
        return captions, config.conditions()


def keep_shared(first: System, second: System) -> list[System]:
    """Keep the captions of images that both described, and those that `score` refuses.

    Raises:
        DataError: there are none.
    """
    shared = first.captions.keys() & second.captions.keys()
    if not shared:
        raise DataError(f"{first.name} and {second.name} describe no image in common")
    return [
        replace(
            one,
            captions={
                image_id: text
                for image_id, text in one.captions.items()
                if image_id in shared or image_id not in one.references
            },
        )
        for one in (first, second)
    ]


def _is_zip(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(ZIP)) == ZIP


def _name_of(file: IO[bytes]) -> str:
    name = getattr(file, "name", None)
    return name.strip("<>") if isinstance(name, str) else "captions"
