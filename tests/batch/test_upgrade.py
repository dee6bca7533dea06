"""Journals of earlier versions go on: see `showtell.batch.upgrade`.

`journals/` holds what version 0 wrote of the three drawn photos beside it, with the model `merge`:
`finished.journal`, and `killed.journal` of a run that ended before it wrote beside any photo.
"""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from showtell import Captioner
from showtell.batch.destinations import Destination
from showtell.batch.find import find_photos
from showtell.batch.job import Job, JobSettings
from showtell.batch.journal import Journal
from showtell.batch.run import run_job
from showtell.config import BeamConfig
from showtell.errors import ConfigError
from showtell.metadata.embed import read_embedded
from showtell.metadata.sidecar import read_sidecar

HERE = Path(__file__).parent / "journals"
THERE = "/tmp/library"  # where those runs were made
MERGE = {
    "name": "merge",
    "version": "0.1.0",
    "sha256": "4ee168f945daa60542a75507467dbcfd42b685782821df451869f5a239b15410",
}
BESIDE = (
    Destination(kind="txt", naming="stem", extension=".txt"),
    Destination(kind="xmp"),
    Destination(kind="json"),
    Destination(kind="embed"),
)
KILLED = JobSettings(model=MERGE, decoding=BeamConfig(), num_captions=1, destinations=BESIDE)
FINISHED = replace(
    KILLED, destinations=tuple(replace(one, directory=Path("sidecars")) for one in BESIDE[:2])
)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The photos as they were for those runs, the journals beside them; we stand there."""
    shutil.copytree(HERE / "photos", tmp_path / "photos")
    for photo in (tmp_path / "photos").rglob("*.png"):
        os.utime(photo, ns=(1_700_000_000_000_000_000,) * 2)
    for name in ("finished.journal", "killed.journal"):
        shutil.copy(HERE / name, tmp_path / name)
    with closing(sqlite3.connect(tmp_path / "killed.journal")) as db, db:
        db.execute("UPDATE photos SET writes = replace(writes, ?, ?)", (THERE, str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        return version


def test_a_finished_journal_of_version_0_knows_its_photos(library: Path) -> None:
    assert version_of(library / "finished.journal") == 0
    for _ in range(2):  # upgraded, and opened again
        with closing(Journal(library / "finished.journal", FINISHED)) as journal:
            assert [name for name, _ in journal.records()] == [
                "photos/a.png",
                "photos/b.png",
                "photos/more/c.png",
            ]
    assert version_of(library / "finished.journal") == 1


def test_what_a_killed_run_of_version_0_had_decided_is_written(
    library: Path, captioner: Captioner
) -> None:
    job = Job(decoding=captioner.bundle.manifest.decoding, destinations=BESIDE)
    with closing(Journal(library / "killed.journal", KILLED)) as journal:
        outcomes = list(run_job(captioner, find_photos([Path("photos")]), job, journal))
    assert {one.fate for one in outcomes if one.photo.name.endswith(".png")} == {"done before"}
    for photo in (library / "photos").rglob("*.png"):
        caption = photo.with_suffix(".txt").read_text("utf-8").strip()
        embedded = read_embedded(photo)
        assert embedded
        assert embedded.writer == "showtell merge 0.1.0"
        assert caption == embedded.text == read_sidecar(Path(f"{photo}.xmp")).text


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(FINISHED, model=MERGE | {"version": "0.2.0"}), r"model\.version \(0\.1\.0, now 0"),
        (replace(FINISHED, decoding=BeamConfig(beam_size=5)), r"decoding\.beam_size \(3, now 5\)"),
        (replace(FINISHED, decoding=BeamConfig(cautious=True)), r"cautious \(False, now True\)"),
        (replace(FINISHED, num_captions=None), r"num_captions \(1, now None\)"),
        (
            replace(FINISHED, destinations=(FINISHED.destinations[0], BESIDE[1])),
            r"destinations\.2\.directory \(sidecars, now None\)",
        ),
        (replace(FINISHED, destinations=FINISHED.destinations[:1]), r"destinations\.2 .*not set"),
    ],
)
def test_a_journal_of_version_0_is_refused_to_another_job_and_stays_as_it_is(
    library: Path, other: JobSettings, told: str
) -> None:
    before = (library / "finished.journal").read_bytes()
    with pytest.raises(ConfigError, match=told):
        Journal(library / "finished.journal", other)
    assert (library / "finished.journal").read_bytes() == before


def test_looking_at_a_journal_of_version_0_leaves_it_as_it_is(library: Path) -> None:
    before = (library / "finished.journal").read_bytes()
    with closing(Journal(library / "finished.journal", FINISHED, only_look=True)) as journal:
        assert journal.has_caption("photos/a.png")
    assert (library / "finished.journal").read_bytes() == before


def test_version_0_did_not_know_all_settings_either(tmp_path: Path) -> None:
    """As the versions before `neutral`, `unseen`, `chooser` and `cautious` kept it."""
    search = "BeamConfig(beam_size=3, max_length=20, length_penalty=0.7, no_repeat_ngram=0)"
    old = {"model": "my model 1 ff", "search": search, "num_captions": None}
    old |= {"min_confidence": 0.25, "destinations": ["Destination(kind='xmp', directory=None)"]}
    with closing(sqlite3.connect(tmp_path / "j")) as db, db:
        db.execute("CREATE TABLE job (settings TEXT NOT NULL)")
        db.execute("INSERT INTO job VALUES (?)", (json.dumps(old),))
    same = JobSettings(
        model={"name": "my model", "version": "1", "sha256": "ff"},
        decoding=BeamConfig(),
        min_confidence=0.25,
        destinations=(Destination(kind="xmp"),),
    )
    Journal(tmp_path / "j", same).close()
    with pytest.raises(ConfigError, match="neutral"):
        Journal(tmp_path / "j", replace(same, decoding=BeamConfig(neutral=True)))
