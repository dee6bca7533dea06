"""A photo library as bad as they come, from the command line: nothing lost, every fault named."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from end_to_end.torture import Library, build
from images.heic import HEIC
from PIL import Image

from showtell.metadata.embed import can_embed, read_embedded

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="names and traps of Unix"),
]
CHILD = Path(__file__).with_name("child.py")
MAX_MIB = 600


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return build(tmp_path_factory.mktemp("torture") / "library", HEIC)


@pytest.fixture
def own(library: Library, tmp_path: Path) -> Library:
    """A copy to write to."""
    root = tmp_path / "library"
    shutil.copytree(library.root, root, symlinks=True, ignore=lambda *_: ["pipe.jpg", "round"])
    bad = {name: code for name, code in library.bad.items() if name != "traps/pipe.jpg"}
    for name in ("link.jpg", "nowhere.jpg"):  # their targets are absolute
        (root / "traps" / name).unlink()
    bad.pop("traps/nowhere.jpg")
    return Library(root, library.good - {"traps/link.jpg"}, bad, library.left_out)


def caption(tiny_bundle: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Caption a folder from beside it; `returncode`, `stderr`, and its memory in `peak.txt`."""
    options = ["--model", str(tiny_bundle), "--threads", "1", "--jobs", "2", "--batch-size", "8"]
    return subprocess.run(
        [sys.executable, str(CHILD), "peak.txt", root.name, *options, *arguments],
        cwd=root.parent,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )


def records_in(path: Path) -> dict[str, dict]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = {row["path"].partition("/")[2]: row for row in rows}
    assert len(found) == len(rows)  # nothing twice
    return found


def as_told(names: set[str]) -> set[str]:
    """Names as records have them."""
    return {
        name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        for name in names
    }


def test_every_good_file_gets_a_caption_and_every_bad_one_is_named_with_a_reason(
    library: Library, tiny_bundle: Path
) -> None:
    assert len(library.good | set(library.bad)) >= 60
    done = caption(tiny_bundle, library.root, "--out", "out.jsonl")
    assert done.returncode == 4, done.stderr
    found = records_in(library.root.parent / "out.jsonl")
    captioned = {name for name, row in found.items() if row["status"] == "ok" and row["caption"]}
    assert captioned == as_told(library.good)
    failed = {name: row["error"]["code"] for name, row in found.items() if row["status"] == "error"}
    assert failed == library.bad
    for name in library.bad:
        assert f"{library.root.name}/{name}: " in found[name]["error"]["message"]
        assert f"{library.root.name}/{name}: " in done.stderr
    peak = int((library.root.parent / "peak.txt").read_text("ascii"))
    assert peak < MAX_MIB

    again = caption(tiny_bundle, library.root, "--out", "out.jsonl")
    assert again.returncode == 4
    told = f"{len(library.good)} done before, {len(library.bad)} failed"
    assert told in again.stderr
    assert records_in(library.root.parent / "out.jsonl").keys() == found.keys()


def test_sidecars_mirror_the_library_and_one_whose_name_is_too_long_is_that_photos_error(
    library: Library, tiny_bundle: Path
) -> None:
    arguments = ["--sidecar", "txt", "--sidecar", "xmp", "--sidecar-dir", "side"]
    done = caption(tiny_bundle, library.root, *arguments, "--out", "side.jsonl")
    assert done.returncode == 4
    side = library.root.parent / "side"
    found = records_in(library.root.parent / "side.jsonl")
    long = "names/" + "m" * 251 + ".jpg"
    assert found[long]["error"]["code"] == "write"
    assert found[long]["caption"]
    good = library.good - {long}
    assert len(list(side.rglob("*.xmp"))) == len(good)
    for suffix in ("jpg", "png", "webp"):
        assert (side / "names" / f"stem.{suffix}.txt").exists()
    for name in good - {"names/stem.jpg", "names/stem.png", "names/stem.webp"}:
        assert any(
            path.exists()
            for path in (side / f"{name}.txt", (side / name).with_name(Path(name).stem + ".txt"))
        ), name


def test_embedding_leaves_the_pixels_of_every_photo(own: Library, tiny_bundle: Path) -> None:
    before = {name: pixels_of(own.root / name) for name in own.good}
    done = caption(tiny_bundle, own.root, "--embed")
    assert done.returncode == 4
    embedded = 0
    for name in own.good:
        path = own.root / name
        assert np.array_equal(pixels_of(path), before[name]), name
        if can_embed(path.read_bytes()):
            found = read_embedded(path)
            assert found is not None
            assert found.caption
            embedded += 1
    assert embedded > 40
    for name in own.bad:
        assert not (own.root / f"{name}.xmp").exists()


def pixels_of(path: Path) -> np.ndarray:
    import pi_heif

    pi_heif.register_heif_opener()
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def test_files_that_go_or_change_while_it_runs_stop_nothing(
    own: Library, tiny_bundle: Path
) -> None:
    names = sorted(own.good)
    going, changing = names[10::7], names[12::7]

    out = own.root.parent / "out.jsonl"

    def disturb() -> None:
        while not out.exists() or not out.stat().st_size:  # in the middle of the work
            time.sleep(0.002)
        for name in going:
            (own.root / name).unlink()
        for name in changing:
            (own.root / name).write_bytes(os.urandom(100))

    disturber = threading.Thread(target=disturb)
    disturber.start()
    done = caption(tiny_bundle, own.root, "--out", "out.jsonl")
    disturber.join()
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    found = records_in(out)
    undisturbed = as_told(set(names) - set(going) - set(changing))
    assert all(found[name]["status"] == "ok" for name in undisturbed)
