"""What a job remembers: see `showtell.batch.journal`."""

import errno
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from showtell.batch.destinations import Destination
from showtell.batch.formats import lines_of
from showtell.batch.job import JobSettings
from showtell.batch.journal import Entry, Journal
from showtell.batch.stamp import Stamp
from showtell.config import BeamConfig
from showtell.errors import ConfigError
from showtell.runtime.records import FIELDS, Photo, Record

SETTINGS = JobSettings(model={"name": "base"}, decoding=BeamConfig(beam_size=3))


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
    with pytest.raises(ConfigError, match=r"differs in decoding\.beam_size \(3, now 5\);"):
        Journal(tmp_path / "j", replace(SETTINGS, decoding=BeamConfig(beam_size=5)))


@dataclass(frozen=True, kw_only=True)
class LaterDestination(Destination):
    case: str = "as it is"


@dataclass(frozen=True, kw_only=True)
class LaterSettings(JobSettings):
    """Those of a version to come, which has one more setting, and one more of a destination."""

    language: str = "en"
    destinations: tuple[LaterDestination, ...] = ()


def test_a_journal_goes_on_where_a_setting_that_it_did_not_know_is_as_it_is_by_default(
    tmp_path: Path,
) -> None:
    before = replace(SETTINGS, destinations=(Destination(kind="txt", directory=Path("x")),))
    with closing(Journal(tmp_path / "j", before)) as journal:
        journal.keep([entry("a", "A.")])
    later = LaterSettings(
        model=SETTINGS.model,
        decoding=SETTINGS.decoding,
        destinations=(LaterDestination(kind="txt", directory=Path("x")),),
    )
    with closing(Journal(tmp_path / "j", later)) as journal:
        assert journal.has_caption("a")
    with pytest.raises(ConfigError, match=r"language \(en, now de\)"):
        Journal(tmp_path / "j", replace(later, language="de"))
    upper = LaterDestination(kind="txt", directory=Path("x"), case="upper")
    with pytest.raises(ConfigError, match=r"destinations\.1\.case \(as it is, now upper\)"):
        Journal(tmp_path / "j", replace(later, destinations=(upper,)))


def test_a_setting_that_only_a_newer_showtell_knows_is_another_job(tmp_path: Path) -> None:
    newer = LaterSettings(model=SETTINGS.model, decoding=SETTINGS.decoding, language="de")
    Journal(tmp_path / "j", newer).close()
    with pytest.raises(ConfigError, match=r"language \(de, now not set\)"):
        Journal(tmp_path / "j", SETTINGS)


def test_a_newer_showtells_journal_is_refused_until_it_is_begun_anew(tmp_path: Path) -> None:
    Journal(tmp_path / "j", SETTINGS).close()
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute("ALTER TABLE photos RENAME COLUMN record TO more")
    with pytest.raises(ConfigError, match="a newer showtell made it"):
        Journal(tmp_path / "j", SETTINGS)
    with closing(Journal(tmp_path / "j", SETTINGS, anew=True)) as journal:
        journal.keep([entry("a", "A.")])
    Journal(tmp_path / "j", SETTINGS).close()


def test_begun_anew_it_is_empty_and_the_new_jobs(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", SETTINGS)
    journal.keep([entry("a", "A.")])
    journal.close()
    other = replace(SETTINGS, decoding=BeamConfig(beam_size=5))
    assert list(Journal(tmp_path / "j", other, anew=True).records()) == []


@pytest.mark.parametrize("only_look", [False, True])
def test_a_run_keeps_others_out_from_its_start_and_never_notices_them(
    tmp_path: Path, only_look: bool
) -> None:
    Journal(tmp_path / "j", SETTINGS).close()
    journal = Journal(tmp_path / "j", SETTINGS)  # it has written nothing yet
    with pytest.raises(ConfigError, match="another run is writing"):
        Journal(tmp_path / "j", SETTINGS, only_look=only_look)
    journal.keep([entry("a", "A.")])
    with pytest.raises(ConfigError, match="another run is writing"):
        Journal(tmp_path / "j", SETTINGS, anew=True)
    journal.keep([entry("b", "B.")])
    assert [name for name, _ in journal.records()] == ["a", "b"]


def test_of_two_that_start_at_once_one_runs(tmp_path: Path) -> None:
    for number in range(5):
        path = tmp_path / f"{number}"
        both = threading.Barrier(2)

        def start(path: Path = path, both: threading.Barrier = both) -> bool:
            both.wait()
            try:
                with closing(Journal(path, SETTINGS)) as journal:
                    journal.keep([entry("a", "A.")])
                    both.wait()  # until the other is refused
                    return True
            except ConfigError:
                both.wait()
                return False

        with ThreadPoolExecutor(2) as pool:
            assert sorted(run.result() for run in (pool.submit(start), pool.submit(start))) == [
                False,
                True,
            ]


def test_a_look_lets_go_of_the_journal_and_a_run_may_start_beside_it(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "j", SETTINGS)) as journal:
        journal.keep([entry("a", "A.")])
    with closing(Journal(tmp_path / "j", SETTINGS, only_look=True)) as look:
        with closing(Journal(tmp_path / "j", SETTINGS)) as journal:
            journal.keep([entry("b", "B.")])
        assert [name for name, _ in look.records()] == ["a"]
        assert look.done(Photo("a", Path("a")), Stamp(1, 2))


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
