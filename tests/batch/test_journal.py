"""What a job remembers: see `showtell.batch.journal`."""

import errno
import os
import sqlite3
from contextlib import nullcontext
from pathlib import Path

import pytest

from showtell.batch.formats import lines_of
from showtell.batch.journal import Entry, Journal
from showtell.batch.stamp import Stamp
from showtell.config import BeamConfig
from showtell.errors import ConfigError
from showtell.runtime.records import FIELDS, Photo, Record

SETTINGS = {"model": "base", "search": "BeamConfig(beam_size=3)"}


def record(
    path: str, caption: str | None, sha256: str = "aa", confidence: float | None = None
) -> Record:
    status = "ok" if caption else "error"
    return {
        **dict.fromkeys(FIELDS),
        "path": path,
        "caption": caption,
        "sha256": sha256,
        "status": status,
        "confidence": confidence,
    }


def entry(name: str, caption: str | None, **more: object) -> Entry:
    return Entry(name, Stamp(1, 2), record(name, caption, **more), [])


def test_records_come_back_in_the_order_in_which_photos_were_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([entry("b", "B."), entry("a", None)])
    journal.close()
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([entry("c", "C."), entry("a", "A.")])  # one that had failed
    assert [(name, kept["caption"]) for name, kept in journal.records()] == [
        ("b", "B."),
        ("a", "A."),
        ("c", "C."),
    ]
    assert journal.superseded


def test_a_photo_is_done_if_it_got_a_caption_and_its_file_is_the_same(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([entry("a", "A."), entry("b", None)])
    assert journal.done(Photo("a", Path("a")), Stamp(1, 2)) == record("a", "A.")
    assert journal.done(Photo("a", Path("a")), Stamp(1, 3)) is None
    assert journal.done(Photo("a", Path("a")), None) is None
    assert journal.done(Photo("b", Path("b")), Stamp(1, 2)) is None
    assert journal.done(Photo("c", Path("c")), Stamp(1, 2)) is None


def test_names_of_any_bytes_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n.jpg")
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([Entry(name, Stamp(1, 2), record("caf", "A."), [])])
    assert [kept for kept, _ in journal.records()] == [name]


def test_another_jobs_journal_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    Journal(tmp_path / "j", SETTINGS).close()
    with pytest.raises(ConfigError, match=r"another job \(search BeamConfig\(beam_size=3\), now "):
        Journal(tmp_path / "j", SETTINGS | {"search": "BeamConfig(beam_size=5)"})


# As versions before the setting `neutral` kept it.
OLD_SEARCH = (
    "BeamConfig(beam_size=3, max_length=20, length_penalty=0.7, no_repeat_ngram=0, consensus=0.0)"
)


@pytest.mark.parametrize(
    ("search", "goes_on"),
    [
        (BeamConfig(), True),
        (BeamConfig(neutral=True), False),
        (BeamConfig(cautious=True), False),
        (BeamConfig(consensus=4.0), False),
    ],
)
def test_a_journal_of_an_older_version_goes_on_where_what_it_did_not_know_is_as_it_was(
    tmp_path: Path, search: BeamConfig, goes_on: bool
) -> None:
    journal = Journal(tmp_path / "j", {"model": "base", "search": OLD_SEARCH})
    journal.keep([entry("a", "A.")])
    journal.close()
    settings = {"model": "base", "search": str(search)}
    with nullcontext() if goes_on else pytest.raises(ConfigError, match="another job"):
        assert [name for name, _ in Journal(tmp_path / "j", settings).records()] == ["a"]


def test_begun_anew_it_is_empty_and_the_new_jobs(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([entry("a", "A.")])
    journal.close()
    other = SETTINGS | {"search": "BeamConfig(beam_size=5)"}
    assert list(Journal(tmp_path / "j", other, anew=True).records()) == []


def test_two_runs_cannot_write_one_output(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([entry("a", "A.")])
    with pytest.raises(ConfigError, match="another run is writing"):
        Journal(tmp_path / "j", SETTINGS)


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("a person's notes " * 100, encoding="utf-8")
    with pytest.raises(ConfigError, match="no journal of showtell"):
        Journal(tmp_path / "j", SETTINGS)


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)

    def batch():
        yield entry("a", "A.")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal.keep(batch())
    assert list(journal.records()) == []


def test_what_is_still_to_be_written_is_known_after_a_kill(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    write = {"kind": "txt", "path": "a.txt", "text": "A."}
    journal.keep([Entry("a", Stamp(1, 2), record("a", "A."), [write]), entry("b", "B.")])
    journal.close()
    journal = Journal(tmp_path / "j", SETTINGS)
    assert journal.unwritten() == [Entry("a", Stamp(1, 2), record("a", "A."), [write])]


def test_photos_of_the_same_bytes_are_known(tmp_path: Path) -> None:
    journal = Journal(None, SETTINGS)
    journal.keep([entry("a", None, sha256="xx"), entry("b", "B.", sha256="xx")])
    found = journal.same_content("xx")
    assert found is not None
    assert found["path"] == "b"
    assert journal.same_content("yy") is None


def test_the_commonest_caption_counts_each_content_once() -> None:
    journal = Journal(None, SETTINGS)
    captions = ["A.", "A.", "A.", "B.", "B."]
    contents = ["1", "1", "1", "2", "3"]
    journal.keep(
        entry(str(i), caption, sha256=content)
        for i, (caption, content) in enumerate(zip(captions, contents, strict=True))
    )
    assert journal.commonest_caption() == ("B.", 2, 3)


def test_captions_of_low_confidence_are_counted() -> None:
    journal = Journal(None, SETTINGS)
    journal.keep(entry(str(i), "A.", confidence=c) for i, c in enumerate([0.05, 0.5, None]))
    assert journal.num_below(0.1) == (1, 2)


def test_a_full_disk_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    journal._db.execute("PRAGMA max_page_count = 8")
    with pytest.raises(OSError, match="No space left") as error:
        journal.keep(entry(str(i), "A." * 1000) for i in range(100))
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename == str(tmp_path / "j")
    assert list(journal.records()) == []


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    Journal(tmp_path / "new" / "j", SETTINGS).close()
    assert sqlite3.connect(tmp_path / "new" / "j").execute("SELECT * FROM job").fetchone()


def test_a_record_of_an_older_showtell_has_all_fields_and_no_concepts(tmp_path: Path) -> None:
    old = record("a", "A.")
    del old["concepts"]
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([Entry("a", Stamp(1, 2), old, [])])
    journal.close()
    journal = Journal(tmp_path / "j", SETTINGS)
    expected = {**record("a", "A."), "concepts": []}
    assert journal.done(Photo("a", Path("a")), Stamp(1, 2)) == expected
    assert journal.same_content("aa") == expected
    ((_, kept),) = journal.records()
    assert list(kept) == list(FIELDS)
    assert "".join(lines_of("csv", journal.records(), ("path", "concepts"))) == (
        "path,concepts\na,[]\n"
    )
