"""`showtell FOLDER` for whole libraries: outputs, sidecars, and what goes together."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from showtell.cli.main import run
from showtell.metadata.embed import read_embedded
from showtell.metadata.sidecar import read_sidecar
from showtell.runtime.records import FIELDS


@pytest.fixture
def photos(flickr8k: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three photos, one of them below, and we stand beside it."""
    drawn = sorted(flickr8k.rglob("*.jpg"))
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, source in zip(("a.jpg", "b.jpg", "more/c.jpg"), drawn, strict=False):
        (folder / name).write_bytes(source.read_bytes())
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def model(tiny_bundle: Path) -> list[str]:
    return ["--model", str(tiny_bundle), "--threads", "1", "--jobs", "2"]


def records_in(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_out_writes_a_file_and_nothing_on_stdout(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--out", "captions.jsonl", *model]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "3 captioned; records in captions.jsonl\n"
    names = [record["path"] for record in records_in(Path("captions.jsonl"))]
    assert names == ["photos/a.jpg", "photos/b.jpg", "photos/more/c.jpg"]


def test_the_same_command_goes_on_and_adds_what_is_new(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str], flickr8k: Path
) -> None:
    run(["photos", "--out", "captions.jsonl", *model])
    (photos / "d.jpg").write_bytes(max(flickr8k.rglob("*.jpg")).read_bytes())
    capsys.readouterr()
    assert run(["photos", "--out", "captions.jsonl", *model]) == 0
    assert capsys.readouterr().err == "1 captioned, 3 done before; records in captions.jsonl\n"
    names = [Path(record["path"]).name for record in records_in(Path("captions.jsonl"))]
    assert names == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_another_job_is_not_mixed_into_an_output(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["photos", "--out", "captions.jsonl", *model])
    before = Path("captions.jsonl").read_bytes()
    capsys.readouterr()
    assert run(["photos", "--out", "captions.jsonl", "--beam-size", "1", *model]) == 2
    assert "decoding.beam_size (2, now 1)" in capsys.readouterr().err
    assert Path("captions.jsonl").read_bytes() == before
    assert run(["photos", "--out", "captions.jsonl", "--beam-size", "1", "--force", *model]) == 0
    assert records_in(Path("captions.jsonl"))[0]["decoding"]["beam_size"] == 1


@pytest.mark.parametrize("suffix", ["txt", "json", "jsonl", "csv", "parquet"])
def test_the_suffix_of_out_says_the_format(photos: Path, model: list[str], suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    out = Path(f"captions.{suffix}")
    assert run(["photos", "--out", str(out), *model]) == 0
    data = out.read_bytes()
    if suffix == "parquet":
        assert data[:4] == b"PAR1"
    else:
        assert b"photos/more/c.jpg" in data


def test_json_into_a_json_file_is_one_array_and_into_others_lines(
    photos: Path, model: list[str]
) -> None:
    assert run(["photos", "--json", "--out", "o.json", *model]) == 0
    assert len(json.loads(Path("o.json").read_text("utf-8"))) == 3
    assert run(["photos", "--json", "--out", "o.ndjson", *model]) == 0
    assert len(records_in(Path("o.ndjson"))) == 3
    assert run(["photos", "--format", "jsonl", "--out", "lines.json", *model]) == 0  # it was said
    assert len(records_in(Path("lines.json"))) == 3


def test_text_in_a_file_has_as_many_sentences_as_asked_for(photos: Path, model: list[str]) -> None:
    assert run(["photos", "--num-captions", "2", "--out", "o.txt", *model]) == 0
    lines = Path("o.txt").read_text("utf-8").splitlines()
    assert [line.count("\t") for line in lines] == [2, 2, 2]


def test_a_photo_that_is_named_twice_has_one_record(photos: Path, model: list[str]) -> None:
    run(["photos", "photos/a.jpg", "--out", "captions.jsonl", *model])
    assert len(records_in(Path("captions.jsonl"))) == 3


def test_fields_trim_the_records(photos: Path, model: list[str]) -> None:
    run(["photos", "--out", "o.csv", "--fields", "path,caption", *model])
    rows = list(csv.reader(Path("o.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["path", "caption"]
    assert len(rows) == 4


def test_coco_results_go_to_stdout_too(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--format", "coco", *model]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["image_id"] for row in rows] == [
        "photos/a.jpg",
        "photos/b.jpg",
        "photos/more/c.jpg",
    ]


def test_sidecars_are_written_beside_the_photos_and_stdout_stays_empty(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--sidecar", "txt", "--sidecar", "xmp", "--sidecar", "json", *model]) == 0
    assert capsys.readouterr().out == ""
    caption = (photos / "a.txt").read_text("utf-8").strip()
    assert read_sidecar(photos / "a.jpg.xmp").text == caption
    assert read_sidecar(photos / "a.jpg.xmp").writer == "showtell tiny 0.1.0"
    record = json.loads((photos / "more" / "c.jpg.json").read_text("utf-8"))
    assert tuple(record) == FIELDS


def test_a_second_run_skips_what_has_a_caption(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["photos", "--sidecar", "txt", *model])
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*.txt")}
    capsys.readouterr()
    assert run(["photos", "--sidecar", "txt", *model]) == 0
    assert capsys.readouterr().err == "3 skipped\n"
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*.txt")} == before


def test_captions_are_embedded(photos: Path, model: list[str]) -> None:
    assert run(["photos", "--embed", *model]) == 0
    found = read_embedded(photos / "a.jpg")
    assert found is not None
    assert found.text == found.caption == found.alt_text


def test_text_sidecars_may_have_another_suffix(photos: Path, model: list[str]) -> None:
    run(["photos", "--sidecar", "txt", "--caption-extension", ".caption", *model])
    assert (photos / "a.caption").exists()


def test_a_dry_run_writes_nothing_and_says_what_it_would(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "a.txt").write_text("Mine.\n\x1b[31mYours.", encoding="utf-8")
    before = sorted(photos.parent.rglob("*"))
    assert run(["photos", "--sidecar", "txt", "--out", "o.csv", "--dry-run", *model]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        r"photos/a.jpg{}skip: it has a caption already: Mine.\n\x1b[31mYours.".format("\t"),
        "photos/b.jpg\tcaption",
        "photos/more/c.jpg\tcaption",
    ]
    assert sorted(photos.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-", "--sidecar", "txt"], "needs files, not stdin"),
        (["photos", "--sidecar-dir", "x"], "--sidecar-dir needs --sidecar"),
        (["photos", "--format", "parquet"], "--format parquet needs --out"),
        (["photos", "--json", "--fields", "path,captoin"], "Did you mean 'caption'?"),
        (["photos", "--fields", "path"], "the format text has its own"),
        (["photos", "--out", "captions.xlsx"], "say --format"),
        (["photos/a.jpg", "--watch"], "--watch needs a folder"),
        (["photos", "--min-confidence", "0.5"], "needs a calibrated model"),
        (["photos", "--max-image-mpixels", "0"], "max-image-mpixels"),
        (["photos", "--on-existing", "replace"], "replace"),
        (["photos", "--json", "--format", "csv"], "--format csv is not"),
        (["photos", "--json", "--out", "o.csv"], "o.csv ends as csv does"),
        (["photos", "--json", "--out", "o.txt"], "o.txt ends as text does"),
        (["photos", "--num-captions", "2", "--format", "coco"], "one caption a photo"),
        (["photos", "--num-captions", "2", "--sidecar", "txt"], "--num-captions is for records"),
        (["photos", "--sidecar-naming", "stem"], "--sidecar-naming needs --sidecar"),
        (["photos", "--sidecar", "xmp", "--caption-extension", ".cap"], "needs --sidecar txt"),
        (["photos", "--sidecar", "txt", "--caption-extension", ".jpg"], "such as .txt"),
        (["photos", "--sidecar", "txt", "--caption-extension", "caption"], "such as .txt"),
        (["photos", "--sidecar", "txt", "--caption-extension", ".jpg.xmp"], "such as .txt"),
        (["photos", "--sidecar", "txt", "--caption-extension", "./x"], "such as .txt"),
    ],
)
def test_what_does_not_go_together_is_refused(
    photos: Path,
    model: list[str],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    assert run([*arguments, *model]) == 2
    assert told in capsys.readouterr().err
    assert sorted(Path().iterdir()) == [Path("photos")]


def test_a_pixel_cap_is_told_with_its_option_and_is_that_of_the_run(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capped = ["photos", "--max-image-mpixels", "0.0001", *model]
    assert run(capped) == 4
    assert "--max-image-mpixels" in capsys.readouterr().err
    assert run([*capped, "--dry-run"]) == 0
    assert "too many pixels" in capsys.readouterr().out
    assert run(["photos", *model]) == 0


def test_globs_are_looked_for_where_the_shell_did_not(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos/**/*.jpg", *model]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_an_existing_file_that_is_not_ours_is_refused(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.csv").write_text("mine", encoding="utf-8")
    assert run(["photos", "--out", "mine.csv", *model]) == 2
    assert "mine.csv is there already" in capsys.readouterr().err
    assert Path("mine.csv").read_text("utf-8") == "mine"


def test_a_single_photo_whose_caption_goes_elsewhere_is_told_in_a_line(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos/a.jpg", "--sidecar", "xmp", *model]) == 0
    assert capsys.readouterr() == ("", "1 captioned\n")


def test_quiet_says_nothing(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--out", "o.jsonl", "-q", *model]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_second_start_is_refused_and_the_first_never_notices(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from showtell.runtime.captioner import Captioner

    command = ["photos", "--out", "o.jsonl", "--batch-size", "1", *model]
    real, codes = Captioner.encode, []

    def start_again(self, pixels):
        if not codes:
            codes.append(0)
            codes[:] = [run(command), run([*command, "--dry-run"]), run([*command, "--force"])]
        return real(self, pixels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Captioner, "encode", start_again)
        assert run(command) == 0
    assert codes == [2, 2, 2]
    assert capsys.readouterr().err.count("another run is writing this output") == 3
    assert len(records_in(Path("o.jsonl"))) == 3


def test_a_dry_run_whose_reader_waits_keeps_no_run_from_starting(
    photos: Path, model: list[str]
) -> None:
    command = ["photos", "--out", "o.jsonl", *model]
    run(command)
    (photos / "a.jpg").write_bytes((photos / "b.jpg").read_bytes())
    codes = []

    class Pager(io.StringIO):
        def write(self, text: str) -> int:
            patch.undo()
            codes.append(run(command))  # from another terminal
            return len(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", Pager())
        assert run([*command, "--dry-run"]) == 0
    assert codes == [0]


def test_sidecars_of_folders_of_one_name_are_refused_before_any_work(
    photos: Path,
    model: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = photos.parent / "here"
    shutil.copytree(photos, here / "photos")
    monkeypatch.chdir(here)
    command = ["photos", "../photos", "--sidecar", "xmp", "--sidecar-dir", "x", "--out", "o.csv"]
    assert run([*command, *model]) == 2
    assert "photos/a.jpg and ../photos/a.jpg would share the sidecar" in capsys.readouterr().err
    assert sorted(here.iterdir()) == [here / "photos"]


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_the_file_of_records_is_never_a_photos_sidecar(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str], dry: list[str]
) -> None:
    before = sorted(photos.rglob("*"))
    out = "photos/more/c.jpg.json"
    assert run(["photos", "--sidecar", "json", "--out", out, *dry, *model]) == 2
    assert f"--out {out} is where the sidecar of photos/more/c.jpg goes" in capsys.readouterr().err
    assert sorted(photos.rglob("*")) == before


def test_one_photo_needs_no_database(photos: Path, model: list[str]) -> None:
    code = (
        "import sys; from showtell.cli.main import run\n"
        "code = run(sys.argv[1:])\n"
        "assert 'sqlite3' not in sys.modules, 'a journal was opened'\n"
        "sys.exit(code)\n"
    )
    for more in ([], ["--json"], ["--sidecar", "xmp"], ["--dry-run"]):
        command = [sys.executable, "-c", code, "photos/a.jpg", *more, *model]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout or more[:1] == ["--sidecar"]
    assert read_sidecar(photos / "a.jpg.xmp").text


def test_watching_captions_photos_as_they_arrive_once_each(
    photos: Path, model: list[str], flickr8k: Path
) -> None:
    pytest.importorskip("watchfiles")
    drawn = sorted(flickr8k.rglob("*.jpg"))
    process = subprocess.Popen(
        [sys.executable, "-m", "showtell", "photos", "--embed", "--watch", *model],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert process.stderr.readline() == "watching for photos; Ctrl-C ends it\n"
    data = drawn[5].read_bytes()
    with (photos / "slow.jpg").open("wb") as file:  # written in two pieces
        file.write(data[:500])
        file.flush()
        time.sleep(0.7)
        file.write(data[500:])
    (photos / "more" / "moved.jpg").write_bytes(drawn[6].read_bytes())
    deadline = time.monotonic() + 60
    arrived = [photos / "slow.jpg", photos / "more" / "moved.jpg"]
    while time.monotonic() < deadline and not all(has_caption(path) for path in arrived):
        time.sleep(0.1)
    time.sleep(2.5)  # would it take what it has embedded for new photos?
    process.send_signal(signal.SIGINT)
    with process:
        rest = process.stderr.read()
    assert process.returncode == 0
    assert all(has_caption(path) for path in arrived)
    assert "5 captioned" in rest
    for path in arrived:
        assert f"{path.relative_to(photos.parent)}: {read_embedded(path).text}\n" in rest
    assert "skipped" not in rest
    assert "failed" not in rest


def has_caption(path: Path) -> bool:
    found = read_embedded(path)
    return found is not None and found.caption is not None


def test_ctrl_c_ends_after_the_batch_in_hand_and_the_run_goes_on(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from showtell.runtime.captioner import Captioner

    real = Captioner.encode

    def press(self, pixels):
        threading.Timer(0, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(0.2)
        return real(self, pixels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Captioner, "encode", press)
        command = ["photos", "--out", "o.jsonl", "--batch-size", "2", *model]
        assert run(command) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert len(records_in(Path("o.jsonl"))) == 2
    assert run(command) == 0
    assert len(records_in(Path("o.jsonl"))) == 3
