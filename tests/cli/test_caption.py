"""`showtell PHOTO`: what is on stdout, what on stderr, and the exit code."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from showtell import Captioner
from showtell.cli.main import run

PHOTOGRAPHER = Path(__file__).parents[2] / "examples" / "photographer.jpg"


@pytest.fixture
def photos(flickr8k: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of photos, some of them below, one file that is none, and we stand beside it."""
    drawn = sorted(flickr8k.rglob("*.jpg"))
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, source in (("b.jpg", drawn[0]), ("a.jpg", drawn[1]), ("more/c.jpg", drawn[2])):
        (folder / name).write_bytes(source.read_bytes())
    (folder / "notes.txt").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def model(tiny_bundle: Path) -> list[str]:
    return ["--model", str(tiny_bundle), "--threads", "1"]


def sentence(tiny_bundle: Path, photo: Path) -> str:
    return Captioner.load(tiny_bundle, threads=1).caption(photo).text


def test_one_photo_gives_its_sentence_and_nothing_else(
    photos: Path, model: list[str], tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos/a.jpg", *model]) == 0
    out, err = capsys.readouterr()
    assert out == sentence(tiny_bundle, photos / "a.jpg") + "\n"
    assert err == ""


def test_the_verb_may_be_written_or_left_out(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["photos/a.jpg", *model])
    short = capsys.readouterr().out
    run(["caption", "photos/a.jpg", *model])
    assert capsys.readouterr().out == short
    run([*model, "photos/a.jpg"])
    assert capsys.readouterr().out == short


def test_a_folder_gives_a_line_for_each_picture_in_it_sorted(
    photos: Path, model: list[str], tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", *model]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    names = ["photos/a.jpg", "photos/b.jpg", "photos/more/c.jpg"]
    assert rows == [[name, sentence(tiny_bundle, photos.parent / name)] for name in names]


def test_json_is_one_record_a_line(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--json", *model]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["path"] for r in records] == ["photos/a.jpg", "photos/b.jpg", "photos/more/c.jpg"]
    assert all(r["status"] == "ok" for r in records)


def test_format_json_is_one_array(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--format", "json", *model]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_photos_that_fail_are_told_and_counted_and_the_rest_is_captioned(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos/a.jpg", "photos/notes.txt", "gone.jpg", *model]) == 4
    out, err = capsys.readouterr()
    assert out.startswith("photos/a.jpg\t")
    assert len(out.splitlines()) == 1
    assert "photos/notes.txt: not a picture" in err
    assert "gone.jpg: no such file" in err
    assert "1 captioned, 2 failed" in err


def test_a_folder_without_pictures_is_told(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "empty").mkdir()
    assert run(["photos/empty", *model]) == 5
    assert "no pictures in photos/empty" in capsys.readouterr().err


def test_a_picture_may_come_from_stdin(
    photos: Path,
    model: list[str],
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = io.TextIOWrapper(io.BytesIO((photos / "a.jpg").read_bytes()))
    monkeypatch.setattr(sys, "stdin", data)
    assert run(["-", *model]) == 0
    assert capsys.readouterr().out == sentence(tiny_bundle, photos / "a.jpg") + "\n"


def test_paths_may_come_from_a_file(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("list.txt").write_text("photos/b.jpg\n\nphotos/a.jpg\n")
    assert run(["--files-from", "list.txt", *model]) == 0
    paths = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert paths == ["photos/b.jpg", "photos/a.jpg"]


def test_a_list_that_find_prints_with_nul_is_read(
    photos: Path,
    model: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (photos / "b.jpg").rename(photos / "b\nc.jpg")
    data = io.TextIOWrapper(io.BytesIO(b"photos/b\nc.jpg\0photos/a.jpg\0"))
    monkeypatch.setattr(sys, "stdin", data)
    assert run(["--files-from", "-", "-0", *model]) == 0
    paths = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert paths == [r"photos/b\nc.jpg", "photos/a.jpg"]


def test_an_empty_list_names_no_pictures(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("list.txt").touch()
    assert run(["--files-from", "list.txt", *model]) == 5
    assert capsys.readouterr().err == "showtell: no pictures in list.txt\n"


def test_several_sentences_of_one_photo_are_lines_of_several_photos_columns(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["photos/a.jpg", "--json", "--beam-size", "3", *model])
    found = [one["caption"] for one in json.loads(capsys.readouterr().out)["candidates"]]
    assert len(found) == 3
    several = ["--num-captions", "2", "--beam-size", "3", *model]
    assert run(["photos/a.jpg", *several]) == 0
    assert capsys.readouterr().out.splitlines() == found[:2]
    assert run(["photos/a.jpg", "photos/b.jpg", *several]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "\t".join(["photos/a.jpg", *found[:2]])
    assert second.count("\t") == 2


@pytest.mark.parametrize(("form", "rest"), [("text", ""), ("coco", "[]\n")])
def test_a_caption_that_is_not_sure_enough_is_left_out_and_that_is_told(
    form: str, rest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sure = ["--min-confidence", "1", "--format", form]
    assert run([str(PHOTOGRAPHER), "--model", "merge", *sure]) == 0
    assert capsys.readouterr() == (rest, "1 captioned, 1 of them unsure and not written\n")


def test_names_and_captions_that_hold_anything_stay_one_line_a_photo(
    photos: Path,
    model: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from showtell.vocabulary import Vocabulary

    monkeypatch.setattr(Vocabulary, "decode", lambda *_: ["a", "dog\n\x1b[2Jcat"])
    (photos / "a.jpg").rename(photos / "a\n\x1b\u202e.jpg")
    (photos / "b.jpg").write_bytes(b"")
    (photos / "b.jpg").rename(photos / "b\tc\x9b.jpg")
    assert run(["photos", *model]) == 4
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "photos/a\\n\\x1b\\u202e.jpg\tA dog\\n\\x1b[2Jcat."
    assert len(out.splitlines()) == 2
    assert err.splitlines()[0].startswith(r"showtell: photos/b\tc\u009b.jpg: ")


def test_a_figure_shows_the_photos(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--figure", "sheet.png", *model]) == 0
    assert "drew 3 photos to sheet.png" in capsys.readouterr().err
    with Image.open("sheet.png") as sheet:
        assert sheet.format == "PNG"


def test_neutral_captions_are_asked_for_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(PHOTOGRAPHER), "--neutral", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["decoding"]["neutral"] is True
    assert record["caption"].startswith("A person ")
    assert record["confidence"] is not None


def test_search_settings_reach_the_search(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--beam-size", "1", "--max-length", "3", "--length-penalty", "0"]
    assert run(["photos/a.jpg", "--json", *settings, *model]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["decoding"] == {
        "beam_size": 1,
        "max_length": 3,
        "length_penalty": 0.0,
        "no_repeat_ngram": 0,
        "consensus": 0.0,
        "neutral": False,
        "unseen": False,
        "chooser": False,
        "cautious": False,
    }
    assert len(record["candidates"]) == 1
    assert len(record["caption"].split()) <= 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["caption"], 2, "no photos given"),
        (["photos/a.jpg", "--beam-size", "0"], 2, "beam_size must be between 1 and 1000, got 0"),
        (["photos/a.jpg", "--beam-size", "many"], 2, "'many' is not a valid integer"),
        (["photos/a.jpg", "--model", "merg"], 6, "Did you mean 'merge'?"),
        (["photos/a.jpg", "--model", "photos/notes.txt"], 6, "photos/notes.txt"),
        (["photos/a.jpg", "--model", "photos"], 6, "not a complete model bundle"),
        (["trian", "x.toml"], 2, "Did you mean `showtell train`?"),
        (["photos/a.jpg", "-0"], 2, "--null is for the list of --files-from"),
        (["-", "--files-from", "-"], 2, "stdin is the list of --files-from"),
        (["--files-from", "gone.txt"], 2, "--files-from gone.txt: No such file"),
        (["photos", "--format", "a\nb\x1b"], 2, r"'a\nb\x1b'"),
        (["gone\n\x1b.jpg", "--out", "a\nb.x"], 2, r"--out a\nb.x: say"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_its_exit_code(
    photos: Path,
    arguments: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_an_altered_model_is_refused(
    photos: Path, tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(tiny_bundle.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "altered.bundle").write_bytes(data)
    assert run(["photos/a.jpg", "--model", "altered.bundle"]) == 6
    out, err = capsys.readouterr()
    assert out == ""
    assert "altered.bundle" in err
    assert len(err.splitlines()) == 1


def test_a_list_of_paths_with_a_name_that_is_not_utf_8_is_read(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    odd = photos / os.fsdecode(b"caf\xe9.jpg")
    odd.write_bytes((photos / "a.jpg").read_bytes())
    Path("list.txt").write_bytes(b"photos/caf\xe9.jpg\nphotos/a.jpg\n")
    assert run(["--files-from", "list.txt", "--json", *model]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["path"] for record in records] == ["photos/caf\\xe9.jpg", "photos/a.jpg"]
    assert all(record["status"] == "ok" for record in records)


def test_a_figure_of_another_suffix_is_refused_before_any_work(
    photos: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["photos", "--figure", "sheet.jpg", *model]) == 2
    assert "--figure writes a PNG; call it FILE.png, not sheet.jpg" in capsys.readouterr().err
    assert not Path("sheet.jpg").exists()


def test_a_folder_of_ones_own_is_not_mistaken_for_the_model_of_the_same_name(
    photos: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tiny_bundle) as archive:
        archive.extractall("merge")
    for model, name in (("merge", "merge"), ("./merge", "tiny")):
        assert run(["photos/a.jpg", "--json", "--model", model]) == 0
        assert json.loads(capsys.readouterr().out)["model"]["name"] == name
    assert Captioner.load(Path("merge")).bundle.manifest.name == "tiny"
