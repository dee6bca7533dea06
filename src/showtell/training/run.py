"""A run folder: everything one training leaves behind, and how to read it back.

config.json          the settings it ran with, and hashes of the data it saw
vocabulary.txt       token ids in order
last.safetensors     to go on from, exactly
best.safetensors     weights of the epoch with the best validation CIDEr
log.jsonl            one line an epoch
curves.png           loss and CIDEr by epoch
val_captions.json    the best epoch's captions, COCO results format
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from showtell.config import Config, from_dict
from showtell.data.sources import Record
from showtell.errors import CheckpointError
from showtell.files import to_json, write_atomically
from showtell.models.build import build_decoder
from showtell.models.decoders import Decoder
from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.vocabulary import Vocabulary


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def vocabulary(self) -> Path:
        return self.path / "vocabulary.txt"

    @property
    def last(self) -> Path:
        return self.path / "last.safetensors"

    @property
    def best(self) -> Path:
        return self.path / "best.safetensors"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def curves(self) -> Path:
        return self.path / "curves.png"

    @property
    def val_captions(self) -> Path:
        return self.path / "val_captions.json"


@dataclass(frozen=True)
class TrainedRun:
    """The best epoch of a finished or unfinished run, ready to caption."""

    config: Config
    vocabulary: Vocabulary
    decoder: Decoder  # in evaluation mode
    provenance: dict[str, Any]  # dataset name and split hashes
    scores: dict[str, Any]  # of the best epoch on val, with signatures


def describe_data(name: str, splits: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Name a dataset and hash each split, ids and captions in order."""
    hashes = {}
    for split, records in splits.items():
        digest = hashlib.sha256()
        for record in records:
            digest.update(json.dumps([record.image_id, *record.captions]).encode())
        hashes[split] = {"images": len(records), "sha256": digest.hexdigest()}
    return {"dataset": name, "splits": hashes}


def begin_run(
    folder: RunFolder, config: Config, vocabulary: Vocabulary, data: dict[str, Any]
) -> None:
    """Write config and vocabulary, or check that the run already there is the same one.

    Raises:
        CheckpointError: the folder holds a run with other settings or other data.
    """
    content = to_json({"config": config.to_dict(), "data": data})
    if folder.config.exists() and folder.config.read_bytes() != content:
        raise CheckpointError(
            f"{folder.path} holds a run with other settings or data; "
            "choose another --out, or --force to begin anew"
        )
    for leftover in folder.path.glob(".*.tmp"):  # of a process that was killed while it wrote
        leftover.unlink()
    write_atomically(folder.config, content)
    write_atomically(folder.vocabulary, vocabulary.to_text().encode())


def load_run(path: Path) -> TrainedRun:
    """Load the best epoch of a run.

    Raises:
        CheckpointError: the folder holds no run, or its files are damaged.
    """
    folder = RunFolder(path)
    try:
        described = json.loads(folder.config.read_text(encoding="utf-8"))
        vocabulary = Vocabulary.from_text(folder.vocabulary.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path} is not a training run: it has no {folder.config.name}"
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{folder.config} cannot be read: {error}") from error
    config = from_dict(Config, described["config"])
    tensors, meta = load_checkpoint(folder.best)
    decoder = build_decoder(
        config.decoder, feature_dim=meta["feature_dim"], vocabulary_size=len(vocabulary)
    )
    decoder.load_state_dict(weights_of(tensors))
    return TrainedRun(config, vocabulary, decoder.eval(), described["data"], meta["report"])
