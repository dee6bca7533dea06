"""Whole jobs over a folder: see `showtell.batch.run`."""

import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, features

import showtell.batch.run as run_module
from showtell import Captioner
from showtell.batch.destinations import Destination
from showtell.batch.find import find_photos
from showtell.batch.job import Job, Outcome
from showtell.batch.journal import Journal
from showtell.batch.run import foresee, run_job
from showtell.metadata.description import Writing
from showtell.metadata.sidecar import read_sidecar, write_sidecar
from showtell.metadata.xmp import merge_xmp
from showtell.runtime.records import Maker

TXT = (Destination(kind="txt", naming="stem"),)
XMP = (Destination(kind="xmp"),)
LEFTOVER = f".showtell-{2**22 + 1}-{'0' * 12}.tmp"  # of a process that no longer is


def fates(outcomes: list[Outcome]) -> list[str]:
    return [outcome.fate for outcome in outcomes if outcome.fate != "no picture"]


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_bad_photos_leave_the_others_their_captions(
    folder: Path, run, captioner: Captioner, batch_size: int
) -> None:
    (folder / "aa.jpg").write_bytes(b"")
    (folder / "b2.jpg").write_text("no photo", encoding="utf-8")
    outcomes = run(folder, batch_size=batch_size)
    assert fates(outcomes) == ["captioned", "failed", "captioned", "failed", "captioned"]
    for outcome in outcomes:
        if outcome.fate == "captioned":
            assert outcome.record["caption"] == captioner.caption(outcome.photo.source).text
            data = Path(outcome.photo.name).read_bytes()
            assert outcome.record["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_is_no_picture_and_not_named_like_one_is_passed_over(folder: Path, run) -> None:
    (folder / "notes.txt").write_text("no photo", encoding="utf-8")
    (folder / "photo without a suffix").write_bytes((folder / "a.jpg").read_bytes())
    (folder / "film.dat").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    outcomes = run(folder)
    told = {Path(outcome.photo.name).name: outcome.fate for outcome in outcomes}
    assert told["notes.txt"] == told["film.dat"] == "no picture"
    assert told["photo without a suffix"] == "captioned"


def test_files_of_the_same_bytes_are_captioned_once(
    folder: Path, run, captioner: Captioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a2.jpg", "z.jpg"):  # one in the same batch, one in a later one
        (folder / name).write_bytes((folder / "a.jpg").read_bytes())
    seen = []
    encode = captioner.encode
    monkeypatch.setattr(captioner, "encode", lambda pixels: seen.extend(pixels) or encode(pixels))
    outcomes = run(folder)
    assert len(seen) == 3
    records = {Path(one.photo.name).name: one.record for one in outcomes}
    for name in ("a2.jpg", "z.jpg"):
        assert records[name]["caption"] == records["a.jpg"]["caption"]
        assert records[name]["path"] == (folder / name).as_posix()
        assert [note["code"] for note in records[name]["notes"]] == ["identical"]


def test_an_animation_says_which_picture_was_captioned(folder: Path, run) -> None:
    pictures = [Image.new("RGB", (64, 64), (40 * i, 0, 0)) for i in range(5)]
    pictures[0].save(folder / "a.gif", save_all=True, append_images=pictures[1:])
    record = run(folder)[0].record
    assert record["notes"] == [{"code": "animation", "message": "picture 3 of 5"}]


def test_a_finished_job_does_nothing_again(folder: Path, run) -> None:
    assert fates(run(folder, journal="j")) == ["captioned"] * 3
    assert fates(run(folder, journal="j")) == ["done before"] * 3


def test_photos_that_are_new_or_changed_are_captioned_in_the_next_run(
    folder: Path, run, drawn: list[bytes]
) -> None:
    run(folder, journal="j")
    (folder / "a.jpg").write_bytes(drawn[5])
    (folder / "d.jpg").write_bytes(drawn[6])
    assert fates(run(folder, journal="j")) == [
        "captioned",
        "done before",
        "captioned",
        "done before",
    ]


def test_photos_that_failed_are_tried_again(folder: Path, run, drawn: list[bytes]) -> None:
    bad = folder / "b.jpg"
    bad.write_bytes(drawn[1][:200])
    assert fates(run(folder, journal="j")) == ["captioned", "failed", "captioned"]
    assert fates(run(folder, journal="j")) == ["done before", "failed", "done before"]
    bad.write_bytes(drawn[1])
    assert fates(run(folder, journal="j")) == ["done before", "captioned", "done before"]


def test_captions_of_low_confidence_go_nowhere_and_say_so(
    folder: Path, run, captioner: Captioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = iter([0.9, 0.1, 0.5])
    monkeypatch.setattr(captioner, "_confidences", lambda found, *_: [next(sure) for _ in found])
    outcomes = run(folder, destinations=TXT, min_confidence=0.3)
    assert fates(outcomes) == ["captioned"] * 3
    assert [bool(one.record["notes"]) for one in outcomes] == [False, True, False]
    assert outcomes[1].record["notes"][0]["code"] == "uncertain"
    assert sorted(path.name for path in folder.rglob("*.txt")) == ["a.txt", "c.txt"]


@pytest.mark.parametrize(
    ("mode", "expected", "fate"),
    [
        ("skip", "Mine.", "skipped"),
        ("overwrite", "{caption}", "captioned"),
        ("append", "Mine.\n{caption}", "captioned"),
        ("prepend", "{caption}\nMine.", "captioned"),
        ("error", "Mine.", "failed"),
    ],
)
@pytest.mark.parametrize("kind", ["txt", "json", "xmp", "embed"])
def test_each_mode_does_to_a_persons_words_what_it_says(
    folder: Path, run, captioner: Captioner, kind: str, mode: str, expected: str, fate: str
) -> None:
    import json

    from showtell.metadata.description import Writing
    from showtell.metadata.embed import embed, read_embedded
    from showtell.metadata.sidecar import write_sidecar

    photo = folder / "a.jpg"
    mine = Writing(text="Mine.", caption=None, writer="me", confidence=None)
    place = folder / f"a.jpg.{kind}"
    if kind == "txt":
        place.write_text("Mine.\n", encoding="utf-8")
    elif kind == "json":
        record = {"path": "a.jpg", "model": {}, "status": "ok", "caption": "Mine.", "mine": 1}
        place.write_text(json.dumps(record), encoding="utf-8")
    elif kind == "xmp":
        write_sidecar(place, mine)
    else:
        embed(photo, mine)
    caption = captioner.caption(photo).text
    outcomes = run(folder, destinations=(Destination(kind=kind),), on_existing=mode)
    assert fates(outcomes) == [fate, "captioned", "captioned"]
    found = {
        "txt": lambda: place.read_text("utf-8").strip(),
        "json": lambda: json.loads(place.read_text("utf-8"))["caption"],
        "xmp": lambda: read_sidecar(place).text,
        "embed": lambda: read_embedded(photo).text,
    }[kind]()
    assert found == expected.format(caption=caption)


@pytest.mark.parametrize("kind", ["txt", "json", "xmp", "embed"])
def test_adding_twice_adds_once(folder: Path, run, kind: str) -> None:
    destinations = (Destination(kind=kind),)
    run(folder, destinations=destinations, on_existing="append")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.suffix == f".{kind}"}
    run(folder, destinations=destinations, on_existing="append")
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.suffix == f".{kind}"}
    assert before.keys() == after.keys()
    if kind != "json":  # whose records say how long they took
        assert before == after


def test_a_format_that_takes_no_metadata_gets_a_sidecar(folder: Path, run) -> None:
    Image.open(folder / "a.jpg").save(folder / "d.bmp")
    outcomes = run(folder, destinations=(Destination(kind="embed"),))
    assert fates(outcomes) == ["captioned"] * 4
    assert [path.name for path in folder.rglob("*.xmp")] == ["d.bmp.xmp"]


def test_a_sidecar_that_is_gone_is_written_again(folder: Path, run) -> None:
    run(folder, journal="j", destinations=TXT)
    (folder / "b.txt").unlink()
    again = run(folder, journal="j", destinations=TXT)
    assert fates(again) == ["done before", "captioned", "done before"]
    assert (folder / "b.txt").exists()


@pytest.mark.parametrize("suffix", [".tif", ".gif"])
def test_a_sidecar_that_embedding_wrote_is_written_again_when_it_is_gone(
    folder: Path, run, suffix: str
) -> None:
    photo = folder / f"d{suffix}"
    Image.open(folder / "a.jpg").save(photo)
    embedded = (Destination(kind="embed"),)
    run(folder, journal="j", destinations=embedded)
    sidecar = photo.with_name(photo.name + ".xmp")
    sidecar.unlink()
    again = run(folder, journal="j", destinations=embedded)
    assert [one.fate for one in again if one.photo.source == photo] == ["captioned"]
    assert [one.fate for one in again].count("done before") == 3
    assert sidecar.exists()


def test_unsure_captions_are_not_made_again_for_want_of_a_sidecar(
    folder: Path, run, captioner: Captioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioner, "_confidences", lambda found, *_: [0.1] * len(found))
    run(folder, journal="j", destinations=TXT, min_confidence=0.3)
    again = run(folder, journal="j", destinations=TXT, min_confidence=0.3)
    assert fates(again) == ["done before"] * 3


def test_sidecars_of_several_folders_do_not_mix(
    folder: Path, captioner: Captioner, tmp_path: Path, drawn: list[bytes]
) -> None:
    other = tmp_path / "other" / "photos"
    other.mkdir(parents=True)
    (other / "a.jpg").write_bytes(drawn[5])
    mirrored = Destination(kind="txt", directory=tmp_path / "out", naming="stem")
    job = Job(decoding=captioner.bundle.manifest.decoding, destinations=(mirrored,))
    journal = Journal(None, job.settings(Maker.of(captioner, job.decoding)))
    list(run_job(captioner, find_photos([folder, other]), job, journal))
    assert len(list((tmp_path / "out").rglob("*.txt"))) == 4


@pytest.mark.parametrize("file_format", ["TIFF", "AVIF"])
def test_a_persons_words_in_a_format_that_we_do_not_write_to_are_seen(
    folder: Path, run, file_format: str
) -> None:
    if file_format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    mine = Writing(text="Grandma.", caption=None, writer="me", confidence=None)
    photo = folder / f"d.{file_format.lower()}"
    options = {"xmp": merge_xmp(None, mine)}
    if file_format == "TIFF":
        options = {"tiffinfo": {700: options["xmp"]}}
    Image.open(folder / "a.jpg").save(photo, file_format, **options)
    assert run(folder, destinations=XMP)[2].fate == "skipped"
    assert not photo.with_name(photo.name + ".xmp").exists()


def test_embedding_does_not_make_a_finished_job_begin_again(folder: Path, run) -> None:
    embedded = (Destination(kind="embed"),)
    run(folder, journal="j", destinations=embedded)
    assert fates(run(folder, journal="j", destinations=embedded)) == ["done before"] * 3


def test_photos_that_share_a_stem_get_sidecars_of_their_full_names(
    folder: Path, run, drawn: list[bytes]
) -> None:
    (folder / "a.png").write_bytes(drawn[4])
    run(folder, destinations=TXT)
    names = sorted(path.name for path in folder.rglob("*.txt"))
    assert names == ["a.jpg.txt", "a.png.txt", "b.txt", "c.txt"]


def test_sidecars_may_mirror_the_tree_elsewhere(folder: Path, run, tmp_path: Path) -> None:
    run(folder, destinations=(Destination(kind="txt", directory=tmp_path / "out", naming="stem"),))
    found = sorted(p.relative_to(tmp_path).as_posix() for p in (tmp_path / "out").rglob("*.txt"))
    assert found == ["out/a.txt", "out/b.txt", "out/more/c.txt"]
    assert not list(folder.rglob("*.txt"))


def test_a_sidecar_that_cannot_be_written_is_that_photos_error(folder: Path, run) -> None:
    (folder / "b.txt").mkdir()
    outcomes = run(folder, destinations=TXT)
    assert fates(outcomes) == ["captioned", "failed", "captioned"]
    assert outcomes[1].record["error"]["code"] == "write"
    assert outcomes[1].record["caption"]


@pytest.mark.parametrize("words", ['{"title": "takeout"}', '{"caption": "My cat.", "tags": [1]}'])
@pytest.mark.parametrize(("mode", "fate"), [("skip", "skipped"), ("append", "failed")])
def test_somebody_elses_json_is_not_replaced(
    folder: Path, run, words: str, mode: str, fate: str
) -> None:
    theirs = folder / "a.jpg.json"
    theirs.write_text(words, encoding="utf-8")
    outcomes = run(folder, destinations=(Destination(kind="json"),), on_existing=mode)
    assert fates(outcomes) == [fate, "captioned", "captioned"]
    assert theirs.read_text("utf-8") == words


def test_a_damaged_xmp_sidecar_is_left_and_told(folder: Path, run) -> None:
    (folder / "a.jpg.xmp").write_text("<x:xmpmeta", encoding="utf-8")
    outcomes = run(folder, destinations=XMP, on_existing="overwrite")
    assert fates(outcomes) == ["failed", "captioned", "captioned"]
    assert "a.jpg" in outcomes[0].record["error"]["message"]
    assert (folder / "a.jpg.xmp").read_text("utf-8") == "<x:xmpmeta"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_or_read_only_disk_stops_the_run_and_the_next_one_finishes_it(
    folder: Path, run, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real = run_module.carry_out
    done = []

    def fill_up(write: dict, stamp: object) -> object:
        if done:
            raise OSError(number, os.strerror(number), write["path"])
        done.append(write["path"])
        return real(write, stamp)

    monkeypatch.setattr(run_module, "carry_out", fill_up)
    with pytest.raises(OSError, match=os.strerror(number)):
        run(folder, journal="j", destinations=TXT)
    monkeypatch.undo()
    assert [path.name for path in folder.rglob("*.txt")] == ["a.txt"]
    assert fates(run(folder, journal="j", destinations=TXT)) == [
        "done before",
        "done before",
        "captioned",
    ]
    assert len(list(folder.rglob("*.txt"))) == 3


@pytest.fixture
def killed(folder: Path, run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that a run had captioned and not yet written to when it was killed."""

    def die(write: dict, stamp: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "carry_out", die)
    with pytest.raises(KeyboardInterrupt):
        run(folder, journal="j", destinations=(*TXT, *XMP), on_existing="append")
    monkeypatch.undo()
    return folder


def test_what_a_killed_run_had_decided_is_written_by_the_next_one_once(killed: Path, run) -> None:
    run(killed, journal="j", destinations=(*TXT, *XMP), on_existing="append")
    texts = [path.read_text("utf-8").splitlines() for path in sorted(killed.rglob("*.txt"))]
    assert [len(lines) for lines in texts] == [1, 1, 1]
    assert len(list(killed.rglob("*.xmp"))) == 3


@pytest.mark.parametrize("name", ["a.txt", "a.jpg.xmp"])
def test_words_that_a_person_wrote_after_the_kill_are_not_written_over(
    killed: Path, run, name: str
) -> None:
    if name.endswith(".txt"):
        (killed / name).write_text("Mine.", encoding="utf-8")
    else:
        mine = Writing(text="Mine.", caption=None, writer="me", confidence=None)
        write_sidecar(killed / name, mine)
    before = (killed / name).read_bytes()
    run(killed, journal="j", destinations=(*TXT, *XMP))
    assert (killed / name).read_bytes() == before
    assert len(list(killed.rglob("*.txt"))) == 3


def test_a_folder_that_was_renamed_after_the_kill_is_not_made_again(killed: Path, run) -> None:
    (killed / "more").rename(killed / "moved")
    run(killed, journal="j", destinations=(*TXT, *XMP))
    assert not (killed / "more").exists()
    assert (killed / "moved" / "c.txt").exists()


def test_a_photo_that_was_replaced_before_its_caption_was_embedded_is_left(
    folder: Path, run, monkeypatch: pytest.MonkeyPatch, drawn: list[bytes]
) -> None:
    real = run_module.carry_out

    def replace_first(write: dict, stamp: object) -> object:
        if write["path"].endswith("a.jpg"):
            (folder / "a.jpg").write_bytes(drawn[7] + b"longer")
        return real(write, stamp)

    monkeypatch.setattr(run_module, "carry_out", replace_first)
    outcomes = run(folder, destinations=(Destination(kind="embed"),))
    assert outcomes[0].record["error"]["message"].endswith("was replaced after it was captioned")
    assert (folder / "a.jpg").read_bytes() == drawn[7] + b"longer"


def test_a_run_clears_what_killed_ones_left_where_it_writes_and_nothing_else(
    folder: Path, run, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    run(folder, journal="j", destinations=TXT)
    run(folder, journal="k", destinations=(replace(TXT[0], directory=mirror),))
    left = [place / LEFTOVER for place in (folder, folder / "more", mirror / "more")]
    for path in (*left, folder / ".mine.tmp"):
        path.write_bytes(b"a half")
    run(folder)  # which writes nothing here
    assert all(path.exists() for path in left)
    run(folder, journal="j", destinations=TXT)  # done before, all of it
    run(folder, journal="k", destinations=(replace(TXT[0], directory=mirror),))
    assert not any(path.exists() for path in left)
    assert (folder / ".mine.tmp").exists()


def test_asked_to_stop_it_ends_after_the_batch_in_hand(folder: Path, captioner: Captioner) -> None:
    job = Job(decoding=captioner.bundle.manifest.decoding, batch_size=2)
    journal = Journal(None, job.settings(Maker.of(captioner, job.decoding)))
    photos = find_photos([folder])
    assert len(list(run_job(captioner, photos, job, journal, should_stop=lambda: True))) == 2


def test_what_would_be_done_can_be_seen_before(folder: Path, captioner: Captioner) -> None:
    (folder / "a.txt").write_text("Mine.", encoding="utf-8")
    (folder / "notes.md").write_text("no photo", encoding="utf-8")
    (folder / "raw.cr2").write_bytes(b"II*\0\x10\0\0\0CR\x02\0")
    job = Job(decoding=captioner.bundle.manifest.decoding, destinations=TXT)
    journal = Journal(None, job.settings(Maker.of(captioner, job.decoding)))
    told = [fate for _, fate in foresee(find_photos([folder]), job, journal)]
    assert told[:3] == ["skip: it has a caption already: Mine.", "caption", "caption"]
    assert told[3].startswith("fail: ")
    assert "raw" in told[3]
    assert not (folder / "b.txt").exists()
