"""A run folder: everything one training leaves behind, and how to read it back.

config.json          the settings it ran with, hashes of the data it saw, the command and versions
vocabulary.txt       token ids in order
last.safetensors     to go on from, exactly
best.safetensors     weights of the epoch with the best validation CIDEr
log.jsonl            one line an epoch
curves.png           loss and CIDEr by epoch
val_captions.json    the best epoch's captions, COCO results format
tensorboard/         logs for TensorBoard, if asked for
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor

from showtell.config import Config, from_dict
from showtell.data.sources import Record
from showtell.errors import CheckpointError, ConfigError, ShowtellError
from showtell.files import lock, sha256_hex, to_json, write_atomically
from showtell.models.build import build_decoder
from showtell.models.decoders import Decoder
from showtell.models.encoders import Encoder, build_encoder, hash_tensors, with_weights
from showtell.training.checkpoint import load_checkpoint, part_of, weights_of
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

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def results(self) -> tuple[Path, ...]:
        """All but the config."""
        return (self.vocabulary, self.last, self.best, self.log, self.curves, self.val_captions)


@dataclass(frozen=True)
class TrainedRun:
    """The best epoch of a finished or unfinished run, ready to caption."""

    config: Config
    vocabulary: Vocabulary
    decoder: Decoder  # in evaluation mode
    feature_dim: int  # D
    encoder_weights: dict[str, Tensor] | None  # where the encoder learned too
    provenance: dict[str, Any]  # command, versions, dataset name and split hashes
    scores: dict[str, Any]  # of the best epoch on val, with signatures

    @property
    def weights(self) -> dict[str, Tensor]:
        """What a `TeacherForcing` of the same config has: the decoder, and what it learned of."""
        parts = {"decoder": self.decoder.state_dict(), "encoder": self.encoder_weights or {}}
        return {f"{part}.{name}": t for part, ts in parts.items() for name, t in ts.items()}

    @property
    def encoder_sha256(self) -> str:
        """Of the weights that its encoder was built with; empty if an older showtell made it."""
        return str(self.provenance.get("encoder_sha256", ""))

    def describe(self) -> dict[str, str]:
        """Name the run and its weights, for the record of a run that begins with them."""
        digest = hash_tensors(self.weights)
        return {"name": self.config.name, "weights_sha256": digest}

    def build_encoder(self) -> Encoder:
        """Build the encoder that the decoder learned with.

        Raises:
            CheckpointError: it gives features of another width than the decoder reads, or has other
            weights than the decoder was trained with.
            ConfigError, MissingExtraError, DataError: as `showtell.models.encoders.build_encoder`.
        """
        encoder = build_encoder(self.config.encoder)
        if encoder.feature_dim != self.feature_dim:
            raise CheckpointError(
                f"the encoder {self.config.encoder.name} gives {encoder.feature_dim} numbers a "
                f"location, but the decoder was trained on {self.feature_dim}"
            )
        if not _same_encoder(self.provenance, encoder.sha256):
            raise CheckpointError(
                f"the weights of the encoder {self.config.encoder.name} are not those that the "
                "decoder was trained with; was their file replaced?"
            )
        if self.encoder_weights is None:
            return encoder
        return with_weights(encoder, self.encoder_weights, name=self.config.encoder.name)


def describe_data(
    name: str, splits: Mapping[str, Sequence[Record]], picture_hashes: Mapping[str, str]
) -> dict[str, Any]:
    """Name a dataset and hash each split: ids, pictures (sha256 by id) and captions, in order."""
    hashes = {}
    for split, records in splits.items():
        digest = hashlib.sha256()
        for record in records:
            picture = picture_hashes[record.image_id]
            digest.update(json.dumps([record.image_id, picture, *record.captions]).encode())
        hashes[split] = {"images": len(records), "sha256": digest.hexdigest()}
    return {"dataset": name, "splits": hashes}


def describe_software(command: str, device: str) -> dict[str, Any]:
    """Note the command, the device and the versions that numbers may depend on."""
    packages = ("showtell", "torch", "onnxruntime", "numpy")
    return {
        "command": command,
        "device": device,
        "versions": {name: version(name) for name in packages},
    }


def begin_run(
    folder: RunFolder,
    config: Config,
    vocabulary: Vocabulary,
    data: dict[str, Any],
    made_by: dict[str, Any],
    *,
    encoder_sha256: str = "",
    init: TrainedRun | None = None,
) -> bool:
    """Write config and vocabulary, or check that the run already there is the same one.

    Args:
        encoder_sha256: of the weights that the encoder begins with.
        init: the run that this one begins with the weights of.

    Returns:
        Whether the run is new.

    Raises:
        CheckpointError: the folder holds a run with other settings, data, encoder or beginning.
    """
    for leftover in folder.path.glob(".*.tmp"):  # of a process that was killed while it wrote
        leftover.unlink()
    began = init.describe() if init else None
    if folder.config.exists():
        found = read_description(folder)
        differs = {
            "other settings": not same_settings(found["config"], config),
            "other data": found["data"]["splits"] != data["splits"],  # it may have moved, though
            "an encoder of other weights": not _same_encoder(found, encoder_sha256),
            "another beginning (--init-from)": found.get("init") != began,
        }
        what = [name for name, is_so in differs.items() if is_so]
        if what:
            raise CheckpointError(
                f"{folder.path} holds a run with {' and '.join(what)}; "
                "choose another --out, or --force to begin anew"
            )
        return False
    for stale in folder.results:  # of a run whose config is gone: nothing may resume from them
        stale.unlink(missing_ok=True)
    write_atomically(folder.vocabulary, vocabulary.to_text().encode())
    described = {
        "config": config.to_dict(),
        "data": data,
        "encoder_sha256": encoder_sha256,
        "init": began,
        "made_by": made_by,
    }
    write_atomically(folder.config, to_json(described))
    return True


def _same_encoder(found: dict[str, Any], sha256: str) -> bool:
    """Whether an encoder is that of a run; an older showtell did not note which it was."""
    return found.get("encoder_sha256", sha256) == sha256


def same_settings(found: Any, config: Config) -> bool:
    """Compare settings; one that an older showtell did not know counts as its default."""
    try:
        return isinstance(found, dict) and from_dict(Config, found) == config
    except ConfigError:  # of a newer showtell
        return False


@contextmanager
def only_trainer_of(folder: RunFolder) -> Iterator[RunFolder]:
    """Let one process at a time train in a folder.

    Raises:
        CheckpointError: another one does.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    with (folder.path / ".lock").open("wb") as file:
        try:
            lock(file, wait=False)
        except BlockingIOError as error:
            raise CheckpointError(
                f"another process is training in {folder.path}; choose another --out"
            ) from error
        yield folder


def delete_run(folder: RunFolder) -> None:
    """Delete the files of a run, and no other file that may lie in its folder.

    Raises:
        CheckpointError: the folder's config.json is not that of a run.
    """
    if folder.config.exists():
        read_description(folder)
        for path in (*folder.results, folder.config):  # the config last: it tells what they are
            path.unlink(missing_ok=True)
        shutil.rmtree(folder.tensorboard, ignore_errors=True)


def load_run(path: Path) -> TrainedRun:
    """Load the best epoch of a run.

    Raises:
        CheckpointError: the folder holds no run, or its files are damaged.
    """
    folder = RunFolder(path)
    described = read_description(folder)
    tensors, meta = load_checkpoint(folder.best)
    try:
        vocabulary_text = folder.vocabulary.read_bytes()
        if sha256_hex(vocabulary_text) != meta["vocabulary_sha256"]:
            raise ValueError(f"{folder.vocabulary.name} is not the one it was trained with")
        vocabulary = Vocabulary.from_text(vocabulary_text.decode())
        config = from_dict(Config, described["config"])
        feature_dim = int(meta["feature_dim"])
        decoder = build_decoder(
            config.decoder, feature_dim=feature_dim, vocabulary_size=len(vocabulary)
        )
        weights = weights_of(tensors)
        decoder.load_state_dict(part_of(weights, "decoder"))
        return TrainedRun(
            config=config,
            vocabulary=vocabulary,
            decoder=decoder.eval(),
            feature_dim=feature_dim,
            encoder_weights=part_of(weights, "encoder") or None,
            provenance={
                **described["made_by"],
                **described["data"],
                **{key: described[key] for key in ("encoder_sha256",) if key in described},
            },
            scores=meta["report"],
        )
    except (OSError, ValueError, KeyError, RuntimeError, ShowtellError) as error:
        raise CheckpointError(f"the run {path} cannot be used: {error}") from error


def read_description(folder: RunFolder) -> dict[str, Any]:
    """Read what `begin_run` wrote: `config`, `data` and `made_by`.

    Raises:
        CheckpointError: the folder holds no run, or its config.json is damaged.
    """
    try:
        described = json.loads(folder.config.read_text(encoding="utf-8"))
        _ = described["config"], described["data"]["splits"], described["made_by"]
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{folder.path} is not a training run: it has no {folder.config.name}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder.config} does not describe a training run ({error!r})"
        ) from error
    result: dict[str, Any] = described
    return result
