"""The file of a job's records: see `showtell.batch.output`."""

import json
from pathlib import Path

import pytest

from showtell.batch.job import JobSettings, Outcome
from showtell.batch.journal import Entry, Journal
from showtell.batch.output import Output, check_output, journal_path
from showtell.config import BeamConfig
from showtell.errors import ConfigError
from showtell.runtime.records import FIELDS, Photo, Record

SETTINGS = JobSettings(model={}, decoding=BeamConfig())


def record(path: str, caption: str | None) -> Record:
    status = "ok" if caption else "error"
    return {**dict.fromkeys(FIELDS), "path": path, "caption": caption, "status": status}


def outcome(path: str, caption: str | None) -> Outcome:
    fate = "captioned" if caption else "failed"
    return Outcome(Photo(path, Path(path)), fate, record(path, caption))


def kept(journal: Journal, *outcomes: Outcome) -> list[Outcome]:
    journal.keep(Entry(one.photo.name, None, one.record, []) for one in outcomes)
    return list(outcomes)


def captions_in(path: Path) -> list[str | None]:
    return [json.loads(line)["caption"] for line in path.read_text("utf-8").splitlines()]


def test_json_lines_grow_as_records_come(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    journal = Journal(journal_path(out), SETTINGS)
    output = Output(out, "jsonl", journal)
    output.add(kept(journal, outcome("a", "A.")))
    assert captions_in(out) == ["A."]
    output.add(kept(journal, outcome("b", "B.")))
    assert captions_in(out) == ["A.", "B."]


def test_a_new_run_brings_the_file_up_to_date_first(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    journal = Journal(journal_path(out), SETTINGS)
    kept(journal, outcome("a", "A."), outcome("b", "B."))  # killed before it wrote the second
    out.write_text('{"caption": "A."}\n{"capt', encoding="utf-8")
    Output(out, "jsonl", journal)
    assert captions_in(out) == ["A.", "B."]


def test_a_record_that_took_anothers_place_is_there_once(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    journal = Journal(journal_path(out), SETTINGS)
    kept(journal, outcome("a", None), outcome("b", "B."))
    journal.close()
    journal = Journal(journal_path(out), SETTINGS)
    output = Output(out, "jsonl", journal)
    output.add(kept(journal, outcome("a", "A.")))
    output.finish()
    assert captions_in(out) == ["A.", "B."]


@pytest.mark.parametrize("form", ["csv", "json", "coco", "text", "parquet"])
def test_other_formats_are_written_at_the_end(tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    out = tmp_path / "out"
    journal = Journal(journal_path(out), SETTINGS)
    output = Output(out, form, journal)
    output.add(kept(journal, outcome("a", "A.")))
    assert not out.exists()
    output.finish()
    assert out.stat().st_size > 0


def test_somebody_elses_file_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        check_output(out, replace=False)
    check_output(out, replace=True)
    journal_path(out).touch()
    check_output(out, replace=False)


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="writes a file"):
        check_output(tmp_path, replace=True)
