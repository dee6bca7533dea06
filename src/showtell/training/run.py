"""A run folder: everything one training leaves behind, and how to read it back.

config.json          the settings it ran with, hashes of the data it saw, the command and versions
vocabulary.txt       token ids in order, where there is a decoder
concepts.txt         words in the order of their probabilities, where the encoder names any
last.safetensors     to go on from, exactly
best.safetensors     weights of the epoch with the best validation CIDEr, or the least loss
log.jsonl            one line an epoch
curves.png           loss and score by epoch
val_captions.json    the best epoch's captions, COCO results format
tensorboard/         logs for TensorBoard, if asked for
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from showtell.concepts import Concepts
from showtell.config import Config, from_dict
from showtell.errors import CheckpointError, ShowtellError
from showtell.files import lock, remove_leftovers, sha256_hex, to_json, write_atomically
from showtell.models.build import build_decoder
from showtell.models.decoders import Decoder
from showtell.models.encoders import Encoder, build_encoder, hash_tensors, with_weights
from showtell.models.recogniser import Recogniser
from showtell.training.checkpoint import load_checkpoint, part_of, weights_of
from showtell.training.description import differences, read_description
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
    def concepts(self) -> Path:
        return self.path / "concepts.txt"

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
        words = (self.vocabulary, self.concepts)
        return (*words, self.last, self.best, self.log, self.curves, self.val_captions)


@dataclass(frozen=True)
class TrainedRun:
    """The best epoch of a finished or unfinished run, ready to caption or to recognise."""

    config: Config
    vocabulary: Vocabulary | None  # None as the decoder
    decoder: Decoder | None  # in evaluation mode; None: the run trained an encoder alone
    feature_dim: int  # D
    encoder_weights: dict[str, Tensor] | None  # where the encoder learned too
    recogniser: Recogniser | None  # likewise, where it names what it sees
    encoder_sha256: str  # of the weights its encoder was built with; empty: a run did not note it
    provenance: dict[str, Any]  # command, versions, dataset and split hashes, text, other photos
    scores: dict[str, Any]  # of the best epoch on val, with signatures
    name: str  # of its folder

    @property
    def weights(self) -> dict[str, Tensor]:
        """What a `CaptionModel` of the same config has: the decoder, and what it learned of."""
        parts = {
            "decoder": self.decoder.state_dict() if self.decoder else {},
            "encoder": self.encoder_weights or {},
            "recogniser": self.recogniser.state_dict() if self.recogniser else {},
        }
        return {f"{part}.{name}": t for part, ts in parts.items() for name, t in ts.items()}

    def describe(self) -> dict[str, str]:
        """Name the run and its weights, for the record of a run that begins with them."""
        digest = hash_tensors(self.weights)
        return {"name": self.name, "weights_sha256": digest}

    def writer(self) -> tuple[Decoder, Vocabulary]:
        """Give what writes captions.

        Raises:
            CheckpointError: the run trained an encoder alone.
        """
        if self.decoder is None or self.vocabulary is None:
            raise CheckpointError(
                f"the run {self.name} has learned to recognise and writes no captions; a run that "
                "begins with it (--init-from, or the next stage of a recipe) learns to"
            )
        return self.decoder, self.vocabulary

    def build_encoder(self) -> Encoder:
        """Build the encoder that the decoder learned with, and what names what it sees.

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
        if self.encoder_sha256 not in ("", encoder.sha256):
            raise CheckpointError(
                f"the weights of the encoder {self.config.encoder.name} are not those that the "
                "decoder was trained with; was their file replaced?"
            )
        if self.encoder_weights is None:
            return encoder
        learned = with_weights(encoder, self.encoder_weights, name=self.config.encoder.name)
        return replace(learned, recogniser=self.recogniser)


def average(runs: Sequence[TrainedRun]) -> TrainedRun:
    """Average the weights of runs that began alike: one model, nearly as good as all together.

    Raises:
        CheckpointError: their weights or words are not of one kind.

    Source: Wortsman et al. 2022 (arXiv:2203.05482), "model soups".
    """
    first = runs[0]
    if len(runs) == 1:
        return first
    name = f"mean of {', '.join(run.name for run in runs)}"
    kinds = [_kind(run) for run in runs]
    if any(kind != kinds[0] for kind in kinds):
        raise CheckpointError(
            f"there is no {name}: their encoders, decoders or words are not of one kind"
        )
    weights = [run.weights for run in runs]
    means = {
        key: torch.stack([of_run[key].double() for of_run in weights]).mean(dim=0).to(own.dtype)
        for key, own in weights[0].items()
    }
    decoder, recogniser = deepcopy(first.decoder), deepcopy(first.recogniser)
    if decoder:
        decoder.load_state_dict(part_of(means, "decoder"))
    if recogniser:
        recogniser.load_state_dict(part_of(means, "recogniser"))
    return replace(
        first,
        name=name,
        decoder=decoder,
        encoder_weights=part_of(means, "encoder") or None,
        recogniser=recogniser,
    )


def _kind(run: TrainedRun) -> tuple[Any, ...]:
    """What runs must have in common for their mean to make sense."""
    shapes = {name: weight.shape for name, weight in run.weights.items()}
    decoder = run.config.decoder.architecture, run.config.decoder.cell
    words = run.vocabulary, run.recogniser.concepts if run.recogniser else None
    return run.config.encoder, run.encoder_sha256, decoder, shapes, words


def begin_run(
    folder: RunFolder,
    vocabulary: Vocabulary | None,
    described: dict[str, Any],
    *,
    concepts: Concepts | None = None,
) -> bool:
    """Write config and words, or check that the run already there is the same one.

    Args:
        vocabulary: of the decoder, if there is one.
        concepts: that the encoder names, if it does.
        described: the run, as `showtell.training.description.describe_run` does it.

    Returns:
        Whether the run is new.

    Raises:
        CheckpointError: the folder holds a run with other settings, data, encoder or beginning.
    """
    remove_leftovers(folder.path)
    if folder.config.exists():
        check_same_run(folder, described)
        return False
    for stale in folder.results:  # of a run whose config is gone: nothing may resume from them
        stale.unlink(missing_ok=True)
    if vocabulary:
        write_atomically(folder.vocabulary, vocabulary.to_text().encode())
    if concepts:
        write_atomically(folder.concepts, concepts.to_text().encode())
    write_atomically(folder.config, to_json(described))
    return True


def check_same_run(folder: RunFolder, described: dict[str, Any]) -> None:
    """Refuse a folder of another run than the one described, and say what differs.

    Raises:
        CheckpointError: it is another one, or its config.json is damaged.
    """
    differ = differences(read_description(folder.config), described)
    if differ:
        raise CheckpointError(
            f"{folder.path} holds a run that differs in {', '.join(differ)}; "
            "choose another --out, or delete it (`showtell train` does so with --force)"
        )


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
        read_description(folder.config)
        for path in (*folder.results, folder.config):  # the config last: it tells what they are
            path.unlink(missing_ok=True)
        shutil.rmtree(folder.tensorboard, ignore_errors=True)


def load_run(path: Path) -> TrainedRun:
    """Load the best epoch of a run.

    Raises:
        CheckpointError: the folder holds no run, or its files are damaged.
    """
    folder = RunFolder(path)
    described = read_description(folder.config)
    tensors, meta = load_checkpoint(folder.best)
    try:
        config = from_dict(Config, described["config"])
        feature_dim = int(meta["feature_dim"])
        weights = weights_of(tensors)
        recogniser = _load_recogniser(folder, meta, weights, feature_dim)
        vocabulary, decoder = _load_decoder(folder, config, meta, weights, recogniser)
        return TrainedRun(
            config=config,
            vocabulary=vocabulary,
            decoder=decoder,
            feature_dim=feature_dim,
            encoder_weights=part_of(weights, "encoder") or None,
            recogniser=recogniser,
            encoder_sha256=described.get("encoder_sha256", ""),
            provenance={
                **described["made_by"],
                **described["data"],
                **({"photos": described["photos"]} if described.get("photos") else {}),
            },
            scores=meta["report"],
            name=path.resolve().name,
        )
    except (OSError, ValueError, KeyError, RuntimeError, ShowtellError) as error:
        raise CheckpointError(f"the run {path} cannot be used: {error}") from error


def _load_decoder(
    folder: RunFolder,
    config: Config,
    meta: dict[str, Any],
    weights: dict[str, Tensor],
    recogniser: Recogniser | None,
) -> tuple[Vocabulary | None, Decoder | None]:
    if config.recognises:
        return None, None
    vocabulary = Vocabulary.from_text(_read_words(folder.vocabulary, meta["vocabulary_sha256"]))
    decoder = build_decoder(
        config.decoder,
        feature_dim=int(meta["feature_dim"]),
        vocabulary_size=len(vocabulary),
        concept_ids=recogniser.concepts.token_ids(vocabulary) if recogniser else (),
    )
    decoder.load_state_dict(part_of(weights, "decoder"))
    return vocabulary, decoder.eval()


def _load_recogniser(
    folder: RunFolder, meta: dict[str, Any], weights: dict[str, Tensor], feature_dim: int
) -> Recogniser | None:
    own = part_of(weights, "recogniser")
    if not own:
        return None
    concepts = Concepts.from_text(_read_words(folder.concepts, meta["concepts_sha256"]))
    recogniser = Recogniser(concepts, feature_dim=feature_dim)
    recogniser.load_state_dict(own)
    return recogniser.eval().requires_grad_(False)


def _read_words(path: Path, sha256: str) -> str:
    text = path.read_bytes()
    if sha256_hex(text) != sha256:
        raise ValueError(f"{path.name} is not the one it was trained with")
    return text.decode()
