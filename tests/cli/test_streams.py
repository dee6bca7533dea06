"""Stdout and stderr as processes find them: of any encoding, closed, full, left by readers."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from showtell.cli.main import COMMANDS, run
from showtell.metadata.description import Writing
from showtell.metadata.sidecar import write_sidecar

NOT_UTF_8 = os.fsdecode(b"caf\xe9.jpg")
TEXT = "Ein Hund \x1b[31m.\n犬"
UNSURE = Writing(text=TEXT, caption=TEXT, writer="showtell base 1", confidence=0.1)

posix = pytest.mark.skipif(sys.platform == "win32", reason="of POSIX shells")


def showtell(
    *arguments: str, to: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a shell.

    Args:
        to: how the shell redirects, such as `>&-`.
    """
    command = shlex.join([sys.executable, "-m", "showtell", *arguments])
    return subprocess.run(
        ["bash", "-c", f"{command} {to}"],
        capture_output=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture
def photos(flickr8k: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos with names that no code page has, and we stand beside them; one is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    names = ("a.jpg", NOT_UTF_8, "日本.jpg")
    for name, source in zip(names, sorted(flickr8k.rglob("*.jpg")), strict=False):
        shutil.copy(source, folder / name)
    (folder / "空.jpg").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def model(tiny_bundle: Path) -> list[str]:
    return ["--model", str(tiny_bundle), "--threads", "1", "--jobs", "1"]


@pytest.fixture
def described(photos: Path) -> Path:
    """The same, with an unsure caption of ours in a sidecar beside each; and a dataset of two."""
    dataset = photos.with_name("写真集")
    dataset.mkdir()
    for name in ("a.jpg", "日本.jpg"):
        shutil.copy(photos / name, dataset)
        (dataset / name).with_suffix(".txt").write_text("Zwei Hunde 犬.", encoding="utf-8")
    for photo in list(photos.iterdir()):
        write_sidecar(photo.with_name(f"{photo.name}.xmp"), UNSURE)
    return photos


@posix
@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_names_that_stdout_cannot_show_are_escaped_and_nothing_is_lost(
    photos: Path, model: list[str], encoding: str
) -> None:
    done = showtell("photos", *model, PYTHONIOENCODING=encoding)
    assert done.returncode == 4
    names = [line.split("\t")[0] for line in done.stdout.decode(encoding).splitlines()]
    japanese = "photos/日本.jpg" if encoding == "cp932" else r"photos/\u65e5\u672c.jpg"
    assert names == ["photos/a.jpg", r"photos/caf\xe9.jpg", japanese]
    assert b"Traceback" not in done.stderr
    assert b"the file is empty" in done.stderr


@posix
@pytest.mark.parametrize("form", ["json", "csv"])
def test_records_are_utf_8_whatever_the_encoding_of_stdout(
    photos: Path, model: list[str], form: str
) -> None:
    done = showtell("photos", "--format", form, *model, PYTHONIOENCODING="cp1252")
    assert done.returncode == 4
    assert "photos/日本.jpg" in done.stdout.decode("utf-8")


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ["metadata", "show", "photos"],
        ["review", "--list", "photos"],
        ["data", "写真集", "--no-check-images"],
        ["data", "写真集", "--no-check-images", "--json"],
        ["evaluate", "写真.tsv", "--references", "写真.tsv"],
        ["features", "写真"],
        ["calibrate", "写真", "--data", "写真"],
        ["caption", "写真.jpg", "--out", "写真.x"],
    ],
)
def test_no_verb_ends_in_a_traceback_for_want_of_a_letter(
    described: Path, arguments: list[str]
) -> None:
    Path("写真.tsv").write_text("日本.jpg\ta 犬 runs\nb.jpg\ta cat sits\n", encoding="utf-8")
    done = showtell(*arguments, PYTHONIOENCODING="ascii")
    assert b"Traceback" not in done.stderr
    assert done.stdout + done.stderr
    if "--json" in arguments or "show" in arguments:
        assert "写真集" in done.stdout.decode("utf-8") or "日本" in done.stdout.decode("utf-8")
    else:
        assert (done.stdout + done.stderr).isascii()


@pytest.mark.parametrize("verb", ["", *COMMANDS, "metadata show", "metadata clear"])
def test_help_can_be_shown_everywhere(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*verb.split(), "--help"]) == 0
    assert capsys.readouterr().out.isascii()


@posix
def test_a_closed_stdout_is_told_and_the_rest_of_the_work_is_done(
    photos: Path, model: list[str]
) -> None:
    done = showtell("photos/a.jpg", "--json", "--sidecar", "txt", *model, to=">&-")
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "showtell: stdout is closed: what was to be written there is lost\n"
    )
    assert (photos / "a.txt").read_text("utf-8").strip()


@posix
def test_a_closed_stdout_that_nothing_was_meant_for_is_no_matter(
    photos: Path, model: list[str]
) -> None:
    done = showtell("photos/a.jpg", "--out", "o.jsonl", *model, to=">&-")
    assert (done.returncode, done.stderr) == (0, b"1 captioned; records in o.jsonl\n")
    (line,) = Path("o.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["status"] == "ok"


@posix
@pytest.mark.parametrize("to", ["<&- 2>&-", "2>/dev/full", "2> >(true)"])
def test_without_a_stderr_everything_is_done_all_the_same(
    photos: Path, model: list[str], to: str
) -> None:
    if "/dev/full" in to and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    done = showtell("photos", *model, to=to)
    assert done.returncode == 4
    assert len(done.stdout.splitlines()) == 3


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ["metadata", "clear", "photos"],
        ["review", "--list", "photos"],
        ["data", "写真集", "--no-check-images", "--json"],
        ["--help"],
    ],
)
def test_a_verb_whose_stdout_is_closed_says_so_and_loses_only_that(
    described: Path, arguments: list[str]
) -> None:
    done = showtell(*arguments, to=">&-")
    assert done.returncode in (1, 4)
    assert b"showtell: stdout is closed" in done.stderr
    assert b"Traceback" not in done.stderr
    if "clear" in arguments:
        assert b"4 files cleared" in done.stderr


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ["metadata", "show", "photos"],
        ["metadata", "clear", "--dry-run", "photos"],
        ["review", "--list", "photos"],
        ["data", "写真集", "--no-check-images"],
        ["--help"],
    ],
)
def test_a_reader_who_leaves_ends_it_quietly(described: Path, arguments: list[str]) -> None:
    gone, pipe = os.pipe()
    os.close(gone)
    command = [sys.executable, "-m", "showtell", *arguments]
    with os.fdopen(pipe, "wb") as stdout:
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0
    assert b"ipe" not in done.stderr  # neither a broken one nor an exception that is ignored
    assert b"Exception" not in done.stderr


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["metadata", "show", "photos"], ["--version"]])
def test_a_full_disk_behind_stdout_is_one_line(described: Path, arguments: list[str]) -> None:
    done = showtell(*arguments, to="> /dev/full")
    assert done.returncode == 1
    assert [b"No space left" in line for line in done.stderr.splitlines()] == [True]
