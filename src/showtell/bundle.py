"""The on-disk model format: one folder, or the same files in one zip, and nothing else needed.

    bundle.json       what the model is, how it was made, what it scored, sha256 of the others
    vocabulary.txt    one token a line, in order of id
    encoder.onnx      pixels -> feature grid, pooled vector and probabilities of concepts
    start.onnx        features and concepts -> state
    step.onnx         token ids and state -> log-probabilities and state
    concepts.txt      one word a line, where the encoder gives concepts
    confidence.npz    how sure to be of a caption, where the model is calibrated
    chooser.npz       which of the captions found to take, where the model has learned to choose

A bundle is read whole and checked against its hashes before anything runs. Nothing is pickled. It
may come from anyone, so it is bounded: its files, and the search that it asks for.
"""

import io
import json
import zipfile
from collections.abc import Callable, Container
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from showtell.concepts import Concepts
from showtell.config import BeamConfig, from_dict
from showtell.errors import BundleError, ConfigError, UnknownModelError, one_line, suggest
from showtell.files import read_member, sha256_hex, to_json, write_atomically
from showtell.images import Preprocessing
from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

T = TypeVar("T")

FORMAT_VERSION = 3  # 1 had no confidence, 2 no concepts and no chooser
MANIFEST = "bundle.json"
VOCABULARY, ENCODER, START, STEP = "vocabulary.txt", "encoder.onnx", "start.onnx", "step.onnx"
FILES = (VOCABULARY, ENCODER, START, STEP)
CONCEPTS, CONFIDENCE, CHOOSER = "concepts.txt", "confidence.npz", "chooser.npz"
OPTIONAL = (CONCEPTS, CONFIDENCE, CHOOSER)
# Bytes, unpacked; ONNX itself ends at 2 GiB a graph.
MAX_BYTES = dict.fromkeys((ENCODER, START, STEP), 2 * 2**30) | dict.fromkeys(
    (MANIFEST, VOCABULARY, CONCEPTS, CONFIDENCE, CHOOSER), 64 * 2**20
)
MAX_SEARCH = 10_000  # hypotheses × words; a search of more is asked for, not brought along
MAX_DEPTH = 50  # of the manifest's JSON
MAX_NAME = 100  # letters
ZIP_SUFFIXES = (".bundle", ".zip")
DEFAULT_MODEL = "base"
BUNDLED_DIR = Path(__file__).parent / "bundles"


@dataclass(frozen=True, kw_only=True)
class EncoderInfo:
    """The CNN of a bundle."""

    name: str
    features: Literal["pooled", "grid"]  # which of the encoder's outputs the decoder reads
    weights_sha256: str  # of the float32 weights it was exported from


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of `bundle.json`."""

    format_version: int = FORMAT_VERSION
    name: str
    version: str
    architecture: str
    encoder: EncoderInfo
    preprocessing: Preprocessing
    decoding: BeamConfig
    special_tokens: tuple[str, ...] = SPECIAL_TOKENS  # ids 0..3
    precision: str = "float32"  # how the weights are stored
    training: dict[str, Any] = field(default_factory=dict)  # data, split hashes, config, command
    scores: dict[str, Any] = field(default_factory=dict)  # of the exported model, with signatures
    confidence: dict[str, Any] = field(default_factory=dict)  # what it means and what it is worth
    files: dict[str, str] = field(default_factory=dict)  # sha256 of each
    sha256: str = ""  # of this file with this value empty, and so of the whole model

    def __post_init__(self) -> None:
        if self.format_version < 1:
            raise ConfigError(f"format_version must be at least 1, got {self.format_version}")
        for name in (self.name, self.version):  # which become a writer's in photos' metadata
            if not (name.isprintable() and 0 < len(name) <= MAX_NAME):
                raise ConfigError(f"name and version must be 1 to {MAX_NAME} letters, got {name!r}")
        if self.special_tokens != SPECIAL_TOKENS:
            raise ConfigError(f"special_tokens must be {', '.join(SPECIAL_TOKENS)}")
        if self.decoding.beam_size * self.decoding.max_length > MAX_SEARCH:
            raise ConfigError(
                f"decoding.beam_size × max_length must be at most {MAX_SEARCH}, got "
                f"{self.decoding.beam_size} × {self.decoding.max_length}"
            )


@dataclass(frozen=True)
class Bundle:
    """A model read into memory and checked."""

    manifest: Manifest
    vocabulary: Vocabulary
    concepts: Concepts | None  # what the encoder's probabilities are of
    files: dict[str, bytes]  # all but the manifest
    num_bytes: int
    path: Path

    @property
    def graphs(self) -> dict[str, bytes]:
        """`ENCODER`, `START` and `STEP`."""
        return {name: self.files[name] for name in (ENCODER, START, STEP)}

    @property
    def confidence(self) -> bytes | None:
        """What `showtell.runtime.confidence.Confidence.from_bytes` reads."""
        return self.files.get(CONFIDENCE)

    @property
    def chooser(self) -> bytes | None:
        """The arrays of what chooses among the captions found."""
        return self.files.get(CHOOSER)


def save_bundle(path: Path, manifest: Manifest, files: dict[str, bytes]) -> None:
    """Write a bundle: one file where the name ends in .bundle or .zip, else a folder.

    Args:
        manifest: its `format_version`, `files` and `sha256` are filled in here.
        files: the content of each of `FILES`, and of those of `OPTIONAL` that it has.
    """
    names = _names_in(files)
    assert set(files) == set(names), sorted(files)
    hashes = {name: sha256_hex(files[name]) for name in names}
    described = _seal({**asdict(manifest), "format_version": FORMAT_VERSION, "files": hashes})
    if path.suffix in ZIP_SUFFIXES:
        write_atomically(path, _zip({MANIFEST: described, **{n: files[n] for n in names}}))
        return
    # The manifest goes last: until it is there, the old one's hashes refuse the new files.
    for name in names:
        write_atomically(path / name, files[name])
    write_atomically(path / MANIFEST, described)


def load_bundle(path: Path) -> Bundle:
    """Read a bundle, a folder or a zip, and check its files against their hashes.

    Raises:
        BundleError: not a bundle, incomplete, altered, or of a newer format.
    """
    contents = _read_zip(path) if path.is_file() else _read_folder(path)
    manifest = _parse_manifest(contents[MANIFEST], path)
    names = _names_in(manifest.files)
    hashes = {name: sha256_hex(contents[name]) for name in names if name in contents}
    altered = [name for name in names if hashes.get(name) != manifest.files.get(name)]
    if not _seal_holds(contents[MANIFEST], manifest.sha256):
        altered.append(MANIFEST)
    if altered:
        raise BundleError(
            f"{path}: {', '.join(altered)} was altered or damaged (its sha256 is not the one in "
            f"{MANIFEST}); export or install the model anew"
        )
    return Bundle(
        manifest=manifest,
        vocabulary=_parse(Vocabulary.from_text, contents, VOCABULARY, path),
        concepts=_parse(Concepts.from_text, contents, CONCEPTS, path)
        if CONCEPTS in names
        else None,
        files={name: contents[name] for name in names},
        num_bytes=sum(len(contents[name]) for name in (MANIFEST, *names)),
        path=path,
    )


def bundled_models() -> dict[str, Path]:
    """The models that come with the install, by name."""
    return {p.parent.name: p.parent for p in sorted(BUNDLED_DIR.glob(f"*/{MANIFEST}"))}


def find_bundle(model: str | Path | None = None) -> Path:
    """Find a model: a path, the name of one that comes with the install, or the default.

    A string without a folder or suffix is a name first; a `Path`, or `./merge`, is always a path.

    Raises:
        UnknownModelError: there is neither a file nor a model of that name.
        BundleError: it is a training run, which must be exported first.
    """
    known = bundled_models()
    name = str(model or DEFAULT_MODEL)
    if name in known and not isinstance(model, Path):
        return known[name]
    path = Path(name)
    if (path / "config.json").exists():
        raise BundleError(
            f"{path} is a training run; export it first: "
            f"showtell export {path} --out {path.name}.bundle"
        )
    if path.exists():
        return path
    raise UnknownModelError(
        f"no model {name!r}, neither a file nor a name. {suggest(name, known)} "
        f"`showtell models` lists all {len(known)}."
    )


def _names_in(there: Container[str]) -> list[str]:
    """Give the files that every bundle has, and the optional ones that are there."""
    return [*FILES, *(name for name in OPTIONAL if name in there)]


def _parse(from_text: Callable[[str], T], contents: dict[str, bytes], name: str, path: Path) -> T:
    try:
        return from_text(contents[name].decode())
    except (UnicodeDecodeError, BundleError) as error:
        raise BundleError(f"{path}: {name} cannot be used: {one_line(error)}") from error


def _seal(values: dict[str, Any]) -> bytes:
    """Write the manifest with its own sha256 in it."""
    return to_json({**values, "sha256": sha256_hex(to_json({**values, "sha256": ""}))})


def _seal_holds(manifest: bytes, sha256: str) -> bool:
    return sha256_hex(manifest.replace(sha256.encode(), b"", 1)) == sha256


def _parse_manifest(data: bytes, path: Path) -> Manifest:
    try:
        values = json.loads(data)
        if _depth(values) > MAX_DEPTH:
            raise ConfigError(f"it is nested more than {MAX_DEPTH} levels deep")
        found = values["format_version"]
        if isinstance(found, int) and found > FORMAT_VERSION:
            raise BundleError(
                f"{path} has bundle format {found}, this showtell reads up to {FORMAT_VERSION}; "
                "pip install --upgrade showtell"
            )
        return from_dict(Manifest, values)
    except (ValueError, KeyError, TypeError, RecursionError, ConfigError) as error:
        raise BundleError(
            f"{path}: {MANIFEST} does not describe a model ({one_line(error)})"
        ) from error


def _depth(value: Any) -> int:
    """Count how deep JSON is nested."""
    depth, level = 0, [value]
    while level:
        depth += 1
        parts = [one.values() if isinstance(one, dict) else one for one in level]
        level = [inner for one in parts if not _is_plain(one) for inner in one]
    return depth


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _read_folder(path: Path) -> dict[str, bytes]:
    missing = [name for name in (MANIFEST, *FILES) if not (path / name).is_file()]
    if missing:
        raise BundleError(f"{path} is not a complete model bundle: {', '.join(missing)} missing")
    try:
        there = {entry.name for entry in path.iterdir() if entry.is_file()}
        names = (MANIFEST, *_names_in(there))
        for name in names:
            if (path / name).stat().st_size > MAX_BYTES[name]:
                raise BundleError(f"{path}: {name} is too large for a model")
        return {name: (path / name).read_bytes() for name in names}
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error}") from error


def _read_zip(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = (MANIFEST, *_names_in(archive.namelist()))
            return {name: read_member(archive, name, at_most=MAX_BYTES[name]) for name in names}
    except KeyError as error:
        raise BundleError(f"{path} is not a complete model bundle: {error}") from error
    except Exception as error:  # zipfile and its decompressors share no error class
        raise BundleError(f"{path} is not a readable model bundle: {one_line(error)}") from error


def _zip(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents.items():
            # A fixed date and system, so that the same model gives the same file anywhere.
            member = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            member.create_system = 3  # Unix
            archive.writestr(member, data)
    return buffer.getvalue()
