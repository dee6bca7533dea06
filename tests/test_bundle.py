"""The on-disk model format: what is written is read back, and anything else is refused."""

import errno
import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showtell import bundle as bundle_module
from showtell.bundle import (
    BUNDLED_DIR,
    FILES,
    FORMAT_VERSION,
    OPTIONAL,
    Bundle,
    EncoderInfo,
    Manifest,
    bundled_models,
    find_bundle,
    load_bundle,
    save_bundle,
)
from showtell.concepts import Concepts
from showtell.config import BeamConfig
from showtell.errors import BundleError, UnknownModelError
from showtell.files import sha256_hex, to_json
from showtell.images import Preprocessing
from showtell.vocabulary import SPECIAL_TOKENS, Vocabulary

VOCABULARY = Vocabulary((*SPECIAL_TOKENS, "a", "dog"))
CONTENTS = {
    "vocabulary.txt": VOCABULARY.to_text().encode(),
    "encoder.onnx": b"encoder graph" * 9,  # loading a bundle does not run its graphs
    "start.onnx": b"start graph",
    "step.onnx": b"step graph" * 3,
}
MANIFEST = Manifest(
    name="drawn",
    version="1.2",
    architecture="merge",
    encoder=EncoderInfo(name="efficientnet-lite0", features="pooled", weights_sha256="0" * 64),
    preprocessing=Preprocessing(size=224, mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0)),
    decoding=BeamConfig(beam_size=2, length_penalty=0.5),
    training={"dataset": "drawn", "seed": 1},
    scores={"CIDEr": 42.5},
)
FORMS = ("model", "model.bundle", "model.zip")


@pytest.fixture(params=FORMS)
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bundle in each form: a folder, and a file of either suffix."""
    path = tmp_path / request.param
    save_bundle(path, MANIFEST, CONTENTS)
    return path


def alter(path: Path, name: str, change: Callable[[bytes], bytes | None]) -> None:
    """Rewrite one file of a bundle, folder or zip; None removes it."""
    if path.is_dir():
        content = change((path / name).read_bytes())
        (path / name).unlink() if content is None else (path / name).write_bytes(content)
        return
    with zipfile.ZipFile(path) as archive:
        contents = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for member, old in contents.items():
            content = change(old) if member == name else old
            if content is not None:
                archive.writestr(member, content)


def alter_manifest(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    def rewrite(data: bytes) -> bytes:
        values = json.loads(data)
        change(values)
        return json.dumps(values).encode()

    alter(path, "bundle.json", rewrite)


def essence(bundle: Bundle) -> tuple[object, ...]:
    """All but where it lies."""
    return (
        bundle.manifest,
        bundle.vocabulary,
        bundle.graphs,
        bundle.num_bytes,
    )


def test_what_is_saved_is_loaded(saved: Path) -> None:
    bundle = load_bundle(saved)
    assert bundle.path == saved
    assert bundle.vocabulary == VOCABULARY
    assert bundle.graphs == {name: CONTENTS[name] for name in FILES if name.endswith(".onnx")}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in CONTENTS.items()}
    found = bundle.manifest
    assert found == replace(MANIFEST, files=hashes, sha256=found.sha256)


def test_a_model_is_known_by_a_hash_that_any_change_changes(tmp_path: Path) -> None:
    save_bundle(tmp_path / "one", MANIFEST, CONTENTS)
    save_bundle(tmp_path / "two", replace(MANIFEST, scores={"CIDEr": 42.6}), CONTENTS)
    save_bundle(tmp_path / "three", MANIFEST, {**CONTENTS, "step.onnx": b"another"})
    hashes = {load_bundle(tmp_path / name).manifest.sha256 for name in ("one", "two", "three")}
    assert len(hashes) == 3


def test_a_number_changed_by_hand_in_the_manifest_is_found(saved: Path) -> None:
    alter(saved, "bundle.json", lambda data: data.replace(b"42.5", b"92.5"))
    with pytest.raises(BundleError, match=r"bundle\.json was altered"):
        load_bundle(saved)


def test_a_folder_and_a_file_hold_the_same(tmp_path: Path) -> None:
    found = []
    for form in FORMS:
        save_bundle(tmp_path / form, MANIFEST, CONTENTS)
        found.append(essence(load_bundle(tmp_path / form)))
    assert found[0] == found[1] == found[2]
    manifest = (tmp_path / "model" / "bundle.json").read_bytes()
    assert found[0][3] == len(manifest) + sum(map(len, CONTENTS.values()))


def test_a_file_and_the_folder_that_it_unpacks_to_are_the_same_bundle(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model.bundle", MANIFEST, CONTENTS)
    with zipfile.ZipFile(tmp_path / "model.bundle") as archive:
        archive.extractall(tmp_path / "unpacked")
    packed, unpacked = load_bundle(tmp_path / "model.bundle"), load_bundle(tmp_path / "unpacked")
    assert essence(packed) == essence(unpacked)


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.bundle", "b.bundle"):
        save_bundle(tmp_path / name, MANIFEST, dict(reversed(CONTENTS.items())))
    save_bundle(tmp_path / "c.bundle", MANIFEST, CONTENTS)
    first, second, third = ((tmp_path / f"{x}.bundle").read_bytes() for x in "abc")
    assert first == second == third


def test_the_manifest_is_json_that_a_person_can_read(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", MANIFEST, CONTENTS)
    values = json.loads((tmp_path / "model" / "bundle.json").read_text(encoding="utf-8"))
    assert values["format_version"] == FORMAT_VERSION == 3
    assert values["special_tokens"] == ["<pad>", "<start>", "<end>", "<unk>"]
    assert values["decoding"]["beam_size"] == 2
    assert values["preprocessing"]["mean"] == [127.0, 127.0, 127.0]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, -1])
def test_one_changed_byte_is_found_and_its_file_named(saved: Path, name: str, place: int) -> None:
    def flip(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[place] ^= 1
        return bytes(changed)

    alter(saved, name, flip)
    with pytest.raises(BundleError) as error:
        load_bundle(saved)
    assert str(error.value).startswith(f"{saved}: {name} was altered or damaged")


@pytest.mark.parametrize("name", FILES)
def test_an_emptied_file_is_found_and_named(saved: Path, name: str) -> None:
    alter(saved, name, lambda _: b"")
    with pytest.raises(BundleError, match=f"{name} was altered or damaged"):
        load_bundle(saved)


@pytest.mark.parametrize("name", ["bundle.json", *FILES])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    alter(saved, name, lambda _: None)
    with pytest.raises(BundleError, match="not a complete model bundle") as error:
        load_bundle(saved)
    assert str(saved) in str(error.value)
    assert name in str(error.value)


def test_a_newer_format_is_refused_with_the_remedy(saved: Path) -> None:
    alter_manifest(saved, lambda m: m.update(format_version=4, something_new={"of": "tomorrow"}))
    with pytest.raises(BundleError, match=r"has bundle format 4, this showtell reads up to 3; pip"):
        load_bundle(saved)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(beam=3), "unknown setting 'beam'"),
        (lambda m: m["preprocessing"].update(sise=3), r"sise.*Did you mean 'size'"),
        (lambda m: m.pop("name"), "missing setting name"),
        (lambda m: m.pop("format_version"), "format_version"),
        (lambda m: m.update(format_version="1"), "format_version must be of type int"),
        (lambda m: m.update(name=3), "name must be of type str"),
        (lambda m: m.update(encoder=[]), "encoder must be a section"),
        (lambda m: m["decoding"].update(beam_size=0), "beam_size must be between 1 and 1000"),
        (lambda m: m["preprocessing"].update(mean=[127.0]), "mean must be 3 numbers"),
        (lambda m: m["preprocessing"].update(std=[0, 0, 0]), "std must be 3 numbers above 0"),
        (lambda m: m["preprocessing"].update(size=0), "size must be at least 1"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused_with_the_reason(
    change: Callable[[dict[str, Any]], object], reason: str, saved: Path
) -> None:
    alter_manifest(saved, change)
    with pytest.raises(BundleError, match=rf"bundle\.json does not describe a model .*{reason}"):
        load_bundle(saved)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b"[]", b"3", b'"text"', b"\xff", b"{}", b"[" * 100_000]
)
def test_a_manifest_that_is_no_json_object_is_refused(saved: Path, data: bytes) -> None:
    alter(saved, "bundle.json", lambda _: data)
    with pytest.raises(BundleError, match=r"bundle\.json does not describe a model"):
        load_bundle(saved)


@pytest.mark.parametrize("text", [b"a\ndog\n", b"<pad>\n<start>\n<end>\n<unk>\na\na\n", b"\xff"])
def test_a_vocabulary_that_cannot_be_used_is_refused(tmp_path: Path, text: bytes) -> None:
    save_bundle(tmp_path / "model", MANIFEST, {**CONTENTS, "vocabulary.txt": text})
    with pytest.raises(BundleError, match=r"vocabulary\.txt cannot be used"):
        load_bundle(tmp_path / "model")


def bundle_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.getbasetemp() / "whole.bundle"
    if not path.exists():
        save_bundle(path, MANIFEST, CONTENTS)
    return path.read_bytes()


def test_a_file_cut_at_any_byte_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = bundle_bytes(tmp_path_factory)
    path = tmp_path_factory.mktemp("cut") / "cut.bundle"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(BundleError) as error:
            load_bundle(path)
        assert str(path) in str(error.value)


@settings(max_examples=300)
@given(draws=st.data())
def test_a_file_with_altered_bytes_is_the_same_bundle_or_refused(
    draws: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bundle_bytes(tmp_path_factory)
    data = bytearray(whole)
    # The directory at the end, and the names and sizes in it, are where zip readers stumble.
    places = st.integers(0, len(data) - 1) | st.integers(len(data) - 400, len(data) - 1)
    for place in draws.draw(st.lists(places, min_size=1, max_size=4)):
        data[place] = draws.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "altered.bundle"
    path.write_bytes(data)
    loaded, refusal = None, ""
    try:
        loaded = load_bundle(path)
    except BundleError as error:
        refusal = str(error)
    if loaded is None:
        assert str(path) in refusal
    else:  # the date of a member or such, which is no part of the model
        path.write_bytes(whole)
        assert essence(loaded) == essence(load_bundle(path))


@pytest.mark.parametrize("data", [b"", b"text", b"PK\5\6" + bytes(18)])
def test_a_file_that_is_no_bundle_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.bundle"
    path.write_bytes(data)
    with pytest.raises(BundleError, match=r"model\.bundle is not a (readable|complete) model"):
        load_bundle(path)


def test_a_compressed_zip_of_the_same_files_is_read_too(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", MANIFEST, CONTENTS)
    with zipfile.ZipFile(tmp_path / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "model").iterdir():
            archive.write(path, path.name)
    assert essence(load_bundle(tmp_path / "model.zip")) == essence(load_bundle(tmp_path / "model"))


@pytest.mark.parametrize("name", ["nowhere", "nowhere.bundle"])
def test_a_path_with_nothing_there_is_no_bundle(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="not a complete model bundle"):
        load_bundle(tmp_path / name)


@pytest.mark.parametrize("form", ["model.bundle", "model"])
def test_a_save_that_fails_leaves_nothing_that_loads_and_nothing_half_written(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 3  # files that still fit on the disk

    def run_full(_: int) -> None:
        nonlocal left
        left -= 1
        if left < 0 or form == "model.bundle":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", run_full)
    with pytest.raises(OSError, match="No space left"):
        save_bundle(tmp_path / form, MANIFEST, CONTENTS)
    with pytest.raises(BundleError, match="not a complete model bundle"):
        load_bundle(tmp_path / form)
    written = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert all(CONTENTS[name] == content for name, content in written.items())
    assert len(written) == (3 if form == "model" else 0)


def test_a_save_that_fails_leaves_the_old_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.bundle"
    save_bundle(path, MANIFEST, CONTENTS)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        save_bundle(path, replace(MANIFEST, name="new"), CONTENTS)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [before]


def test_a_folder_half_replaced_by_a_new_model_is_refused_and_never_a_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    save_bundle(path, MANIFEST, CONTENTS)
    saved = []

    def fail_at_the_second(_: int) -> None:
        saved.append(1)
        if len(saved) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail_at_the_second)
    other = {name: content + b"\n" for name, content in CONTENTS.items()}
    other["vocabulary.txt"] = CONTENTS["vocabulary.txt"] + b"cat\n"
    with pytest.raises(OSError, match="No space left"):
        save_bundle(path, replace(MANIFEST, name="new"), other)
    with pytest.raises(BundleError, match=r"vocabulary\.txt was altered or damaged"):
        load_bundle(path)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An install that comes with two models."""
    monkeypatch.setattr(bundle_module, "BUNDLED_DIR", tmp_path / "bundles")
    for name in ("base", "merge"):
        save_bundle(tmp_path / "bundles" / name, replace(MANIFEST, name=name), CONTENTS)
    return tmp_path / "bundles"


def test_models_that_come_with_the_install_are_found_by_name(shipped: Path) -> None:
    assert bundled_models() == {"base": shipped / "base", "merge": shipped / "merge"}
    assert find_bundle("merge") == shipped / "merge"
    assert load_bundle(find_bundle("merge")).manifest.name == "merge"


def test_without_a_name_the_default_model_is_found(shipped: Path) -> None:
    assert find_bundle() == find_bundle(None) == shipped / "base"


def test_a_path_is_found_as_it_is(shipped: Path, tmp_path: Path) -> None:
    save_bundle(tmp_path / "own.bundle", MANIFEST, CONTENTS)
    assert find_bundle(tmp_path / "own.bundle") == tmp_path / "own.bundle"
    assert find_bundle(str(tmp_path / "own.bundle")) == tmp_path / "own.bundle"


@pytest.mark.usefixtures("shipped")
def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownModelError) as error:
        find_bundle("merg")
    assert str(error.value) == (
        "no model 'merg', neither a file nor a name. Did you mean 'merge'? "
        "`showtell models` lists all 2."
    )


@pytest.mark.usefixtures("shipped")
def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(UnknownModelError) as error:
        find_bundle("xyz")
    assert "Did you mean" not in str(error.value)


def test_a_training_run_is_told_apart_and_the_export_command_given(
    shipped: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "first"
    run.mkdir(parents=True)
    (run / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError) as error:
        find_bundle(run)
    assert f"showtell export {run} --out first.bundle" in str(error.value)


def test_every_model_that_comes_with_this_install_is_whole() -> None:
    for name, path in bundled_models().items():
        assert path.parent == BUNDLED_DIR
        assert load_bundle(path).manifest.name == name


@pytest.mark.parametrize("version", [1, 2])
def test_a_bundle_of_an_older_format_is_still_read(tmp_path: Path, version: int) -> None:
    save_bundle(tmp_path, MANIFEST, CONTENTS)
    values = json.loads((tmp_path / "bundle.json").read_text())
    if version == 1:  # which had no confidence
        del values["confidence"]
    values |= {"format_version": version, "sha256": ""}
    unsealed = to_json(values)
    sealed = unsealed.replace(b'"sha256": ""', b'"sha256": "%s"' % sha256_hex(unsealed).encode())
    (tmp_path / "bundle.json").write_bytes(sealed)
    bundle = load_bundle(tmp_path)
    assert bundle.manifest.format_version == version
    assert bundle.confidence is bundle.concepts is bundle.chooser is None
    assert bundle.manifest.confidence == {}


@pytest.mark.parametrize("name", ["model", "model.bundle"])
@pytest.mark.parametrize("optional", OPTIONAL)
def test_a_file_that_only_some_models_have_is_kept_and_checked_like_the_rest(
    tmp_path: Path, name: str, optional: str
) -> None:
    path = tmp_path / name
    save_bundle(path, MANIFEST, {**CONTENTS, optional: b"dog\n"})
    bundle = load_bundle(path)
    assert bundle.files == {**CONTENTS, optional: b"dog\n"}
    if path.is_dir():
        assert bundle.num_bytes == sum(file.stat().st_size for file in path.iterdir())
    alter(path, optional, lambda _: b"cat\n")
    with pytest.raises(BundleError, match=f"{optional} was altered"):
        load_bundle(path)
    alter(path, optional, lambda _: None)
    with pytest.raises(BundleError, match=f"{optional} was altered"):
        load_bundle(path)


def test_what_concepts_confidence_and_chooser_say_is_handed_on(tmp_path: Path) -> None:
    more = {
        "concepts.txt": b"dog\n\ndog\nred\n",
        "confidence.npz": b"sure",
        "chooser.npz": b"choice",
    }
    save_bundle(tmp_path, MANIFEST, {**CONTENTS, **more})
    bundle = load_bundle(tmp_path)
    assert bundle.concepts == Concepts((("dog",), ("dog", "red")))
    assert bundle.confidence == b"sure"
    assert bundle.chooser == b"choice"


def test_an_optional_file_that_the_manifest_does_not_name_is_passed_over(tmp_path: Path) -> None:
    save_bundle(tmp_path, MANIFEST, CONTENTS)
    (tmp_path / "chooser.npz").write_bytes(b"of another model")
    assert load_bundle(tmp_path).chooser is None


@pytest.mark.parametrize("text", [b"", b"a dog\n", b"dog\ndog\n", b"dog\n\n\ncat\n", b"\xff"])
def test_concepts_that_cannot_be_used_are_refused(tmp_path: Path, text: bytes) -> None:
    save_bundle(tmp_path / "model", MANIFEST, {**CONTENTS, "concepts.txt": text})
    with pytest.raises(BundleError, match=r"concepts\.txt cannot be used"):
        load_bundle(tmp_path / "model")
