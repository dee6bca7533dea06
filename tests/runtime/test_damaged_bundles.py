"""A bundle from a stranger: whatever is wrong with it is one line, before or at the first caption.

Every file here is small and its hashes are right; nothing outside showtell is put to the test.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_bundle import (
    NUM_TOKENS,
    WIDTH,
    encoder,
    save_small_bundle,
    sentence_table,
    small_files,
    start,
    step,
)

from showtell import Captioner
from showtell.bundle import load_bundle
from showtell.calibration.opinion import KINDS
from showtell.cli.main import run
from showtell.errors import BundleError
from showtell.runtime.chooser import NAMES
from showtell.runtime.confidence import Evidence
from showtell.runtime.doubts import NUM_EVIDENCE
from showtell.vocabulary import END_ID

RED = Image.new("RGB", (8, 8), "red")
NAN = float("nan")
Change = Callable[[dict[str, Any]], object]


def saved_arrays(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def confidence(
    *, width: int = WIDTH, evidence: int = len(Evidence._fields), **changed: Any
) -> bytes:
    fits = {
        "good": np.ones(evidence + 1),
        "known": np.ones(6),
        "mean": np.zeros(width),
        "axes": np.eye(width)[:1],
        "spread": np.ones(1),
    }
    return saved_arrays(**fits | changed)


def chooser(**changed: Any) -> bytes:
    of_claims = {kind: np.ones(NUM_EVIDENCE[kind] + 1) for kind in KINDS}
    fits = {"chooser": np.ones(len(NAMES)), "thresholds": np.zeros(len(KINDS)), **of_claims}
    return saved_arrays(**fits | changed)


def npz_that_claims(shape: tuple[int, ...]) -> bytes:
    """An npz whose array says that it is larger than it is."""
    array = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(array, header)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("good", "known", "mean", "axes", "spread"):
            archive.writestr(f"{name}.npy", array.getvalue() + bytes(8))
    return file.getvalue()


def nan_at(row: int) -> np.ndarray:
    table = sentence_table()
    table[row] = NAN
    return table


def only_end() -> np.ndarray:
    table = np.full((NUM_TOKENS, NUM_TOKENS), -np.inf)
    table[:, END_ID] = 0
    return table


def test_the_small_bundle_is_sound(tmp_path: Path) -> None:
    names = {"confidence": confidence(), "chooser": chooser()}
    bundles = [
        save_small_bundle(tmp_path / "plain"),
        save_small_bundle(tmp_path / "naming", concepts=b"dog\n\nred\n"),
        save_small_bundle(tmp_path / "sure", small_files(confidence=names["confidence"])),
        save_small_bundle(
            tmp_path / "choosing",
            small_files(
                chooser=names["chooser"],
                confidence=confidence(evidence=len(Evidence._fields) + len(NAMES)),
            ),
            concepts=b"dog\n\nred\n",
            change=lambda m: m["decoding"].update(chooser=True, cautious=True),
        ),
    ]
    for path in bundles:
        caption = Captioner.load(path).caption(RED)
        assert caption.text == "A dog runs."
        assert (caption.confidence is None) == (path.name in ("plain", "naming"))


GRAPHS = {
    "an encoder of NaN": {"encoder": encoder(scale=NAN)},
    "an encoder of infinity": {"encoder": encoder(scale=float("inf"))},
    "an encoder that lacks an output": {"encoder": encoder(pooled="pool")},
    "a truncated encoder": {"encoder": encoder()[:-40]},
    "an encoder that is text": {"encoder": b"encoder"},
    "an empty step": {"step": b""},
    "a start that asks for something else": {"start": start(asks="photo")},
    "a start in place of the step": {"step": start()},
    "a step that asks for another state": {"step": step(state="cell")},
    "a step that lacks an output": {"step": step(gives="probs")},
    "a step of another width": {"step": step(width=5)},
    "a step of NaN": {"step": step(nan_at(1))},
    "a step of NaN after a word": {"step": step(nan_at(4))},
    "a step that gives probabilities": {"step": step(np.exp(sentence_table()))},
    "a step of no chance for any word": {"step": step(np.full((NUM_TOKENS,) * 2, -np.inf))},
    "a step that only ever ends": {"step": step(only_end())},
    "a step of fewer words than the vocabulary": {"step": step(sentence_table(NUM_TOKENS - 1))},
    "a step of more words than the vocabulary": {"step": step(sentence_table(NUM_TOKENS + 1))},
    "a vocabulary that holds an escape sequence": {
        "vocabulary": small_files()["vocabulary.txt"].replace(b"runs", b"\x1b[2J")
    },
    "a calibration of another width": {"confidence": confidence(width=WIDTH + 1)},
    "a calibration of other evidence": {
        "confidence": confidence(evidence=len(Evidence._fields) + 3)
    },
    "a calibration of NaN": {"confidence": confidence(mean=np.full(WIDTH, NAN))},
    "a calibration without spread": {"confidence": confidence(spread=np.zeros(1))},
    "a calibration of other shapes": {"confidence": confidence(axes=np.eye(WIDTH)[0])},
    "a calibration of words": {"confidence": confidence(known=np.array(["a"] * 6))},
    "a calibration of objects": {"confidence": confidence(known=np.array([None] * 6))},
    "a calibration that lacks an array": {"confidence": saved_arrays(good=np.ones(5))},
    "a calibration that claims to be huge": {"confidence": npz_that_claims((10**12,))},
    "a calibration of negative shape": {"confidence": npz_that_claims((-1,))},
    "a calibration that is none": {"confidence": b"PK nothing"},
    "a chooser of other shapes": {"chooser": chooser(chooser=np.ones(3))},
    "a chooser without concepts": {"chooser": chooser()},
}
CONCEPTS = {
    "an encoder whose concepts are no probabilities": {"encoder": encoder(concepts=7.0)},
    "an encoder whose concepts are NaN": {"encoder": encoder(concepts=NAN)},
    "a chooser of NaN": {"chooser": chooser(thresholds=np.full(len(KINDS), NAN))},
}
MANIFESTS: dict[str, Change] = {
    "more words than a life has": lambda m: m["decoding"].update(max_length=10**9),
    "a search without end": lambda m: m["decoding"].update(beam_size=1000, max_length=1000),
    "a huge picture": lambda m: m["preprocessing"].update(size=10**9),
    "a mean of NaN": lambda m: m["preprocessing"].update(mean=[NAN, 0, 0]),
    "a std of infinity": lambda m: m["preprocessing"].update(std=[float("inf"), 1, 1]),
    "a mean beyond floats": lambda m: m["preprocessing"].update(mean=[10**400, 0, 0]),
    "a number as text": lambda m: m["decoding"].update(beam_size="3"),
    "null for a number": lambda m: m["decoding"].update(max_length=None),
    "a negative number": lambda m: m["decoding"].update(max_length=-1),
    "null for a name": lambda m: m.update(name=None),
    "an empty name": lambda m: m.update(name=""),
    "a name of two lines": lambda m: m.update(name="a\nb"),
    "a version that moves the cursor": lambda m: m.update(version="\x1b[2J"),
    "a long name": lambda m: m.update(name="a" * 10_000),
    "a list for a section": lambda m: m.update(preprocessing=[]),
    "null for files": lambda m: m.update(files=None),
    "a list in files": lambda m: m["files"].update({"step.onnx": ["a"]}),
    "features of no kind": lambda m: m["encoder"].update(features="both"),
    "other special tokens": lambda m: m.update(special_tokens=["<start>", "<end>"]),
    "a chooser that is not there": lambda m: m["decoding"].update(chooser=True),
    "caution that is not there": lambda m: m["decoding"].update(cautious=True),
    "concepts that it does not look at": lambda m: m["decoding"].update(unseen=True),
    "a version of format below 1": lambda m: m.update(format_version=0),
    "deep nesting": lambda m: m.update(training=nested(100)),
}


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def assert_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In Python a `BundleError`, on the command line its one line and exit code 6."""
    with pytest.raises(BundleError) as error:
        Captioner.load(path).caption(RED)
    assert str(path) in str(error.value)
    RED.save(path.parent / "red.png")
    assert run([str(path.parent / "red.png"), "--model", str(path)]) == 6
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"showtell: {error.value}\n"
    assert err.count("\n") == 1
    assert len(err) < 1000


@pytest.mark.parametrize("what", GRAPHS)
def test_parts_that_do_not_fit_or_are_damaged_are_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_small_bundle(tmp_path / "bundle", small_files(**GRAPHS[what]))
    assert_refused(tmp_path / "bundle", capsys)


@pytest.mark.parametrize("what", CONCEPTS)
def test_damaged_parts_of_a_model_with_concepts_are_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_small_bundle(tmp_path / "bundle", small_files(**CONCEPTS[what]), concepts=b"dog\n\nred\n")
    assert_refused(tmp_path / "bundle", capsys)


@pytest.mark.parametrize("text", [b"dog\n", b"dog\n\nred\nblue\n", b"dog\nred\n\nblue\n", b"\n"])
def test_concepts_that_are_not_as_many_as_the_encoder_gives_are_refused(
    text: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_small_bundle(tmp_path / "bundle", concepts=text)
    assert_refused(tmp_path / "bundle", capsys)


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_asks_for_the_impossible_is_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_small_bundle(tmp_path / "bundle", change=MANIFESTS[what])
    assert_refused(tmp_path / "bundle", capsys)


def test_a_zip_that_unpacks_to_far_more_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save_small_bundle(tmp_path / "small")
    with zipfile.ZipFile(tmp_path / "small.bundle", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in path.iterdir():
            data = bytes(3 * 2**20) if file.name == "vocabulary.txt" else file.read_bytes()
            archive.writestr(file.name, data)
    with pytest.raises(BundleError, match=r"vocabulary\.txt is too large \(3145728 bytes"):
        load_bundle(tmp_path / "small.bundle")
    assert_refused(tmp_path / "small.bundle", capsys)


def test_a_zip_packed_by_a_method_without_bounds_is_refused(tmp_path: Path) -> None:
    path = save_small_bundle(tmp_path / "small")
    with zipfile.ZipFile(tmp_path / "small.bundle", "w", zipfile.ZIP_BZIP2) as archive:
        for file in path.iterdir():
            archive.write(file, file.name)
    with pytest.raises(BundleError, match="neither stored nor deflated"):
        load_bundle(tmp_path / "small.bundle")


@pytest.mark.parametrize("name", ["bundle.json", "vocabulary.txt", "step.onnx"])
@pytest.mark.parametrize("form", ["folder", "small.bundle"])
def test_a_file_beyond_what_a_model_needs_is_not_read(
    form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from showtell import bundle

    save_small_bundle(tmp_path / form)
    monkeypatch.setitem(bundle.MAX_BYTES, name, 20)
    with pytest.raises(BundleError, match=rf"{name} is too large"):
        load_bundle(tmp_path / form)


def test_a_damaged_model_ends_a_run_over_many_photos_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save_small_bundle(tmp_path / "bundle", small_files(step=step(nan_at(1))))
    (tmp_path / "photos").mkdir()
    for number in range(3):
        RED.save(tmp_path / "photos" / f"{number}.png")
    out = tmp_path / "out.jsonl"
    command = [str(tmp_path / "photos"), "--model", str(path), "--out", str(out)]
    assert run([*command, "--sidecar", "txt"]) == 6
    assert "no log-probabilities" in capsys.readouterr().err
    assert not out.exists() or not out.read_text()
    assert not list((tmp_path / "photos").glob("*.txt"))
