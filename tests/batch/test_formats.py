"""Records in every format: see `showtell.batch.formats`."""

import csv
import io
import json
from pathlib import Path
from typing import get_args

import pytest

from showtell.batch.formats import Format, lines_of, write_parquet
from showtell.cli.caption_options import FORMATS
from showtell.data.reading.caption_files import read_captions
from showtell.runtime.records import FIELDS, Record

MODEL = {"name": "m", "version": "1", "sha256": "0" * 64}
SEARCH = {
    "beam_size": 3,
    "max_length": 20,
    "length_penalty": 0.7,
    "no_repeat_ngram": 0,
    "consensus": 0.0,
    "neutral": False,
    "unseen": False,
    "chooser": False,
    "cautious": False,
}


def record(path: str, caption: str | None, **more: object) -> Record:
    return {
        **dict.fromkeys(FIELDS),
        "path": path,
        "caption": caption,
        "candidates": [{"caption": caption, "log_prob": -1.5, "score": -1.0}] if caption else [],
        "concepts": [{"word": "dog", "probability": 0.75}] if caption else [],
        "model": MODEL,
        "decoding": SEARCH,
        "elapsed_ms": 1.0,
        "status": "ok" if caption else "error",
        "error": None if caption else {"code": "missing", "message": "no such file"},
        "notes": [],
        **more,
    }


RECORDS = [
    ("a.jpg", record("a.jpg", "A dog, and a cat.", confidence=0.5, width=3, height=4)),
    ("b.jpg", record("b.jpg", None)),
    ("ä b.jpg", record("ä b.jpg", 'A man says "no".')),
]


def text_of(form: Format, fields: tuple[str, ...] = FIELDS) -> str:
    return "".join(lines_of(form, RECORDS, fields))


def test_the_command_line_offers_every_format() -> None:
    assert get_args(Format) == FORMATS


def test_text_is_path_tab_caption_without_those_that_failed() -> None:
    assert text_of("text") == 'a.jpg\tA dog, and a cat.\nä b.jpg\tA man says "no".\n'


def test_text_is_one_line_a_photo_whatever_names_and_captions_hold() -> None:
    named = [("a\n\t.jpg", record("a", "A dog\x1b[31m.\nA \u202ecat."))]
    assert "".join(lines_of("text", named)) == "a\\n\\t.jpg\tA dog\\x1b[31m.\\nA \\u202ecat.\n"


@pytest.mark.parametrize("form", ["text", "coco"])
def test_formats_of_captions_alone_leave_out_what_is_not_sure_enough(form: Format) -> None:
    note = {"code": "uncertain", "message": "confidence 0.1 is below 0.3"}
    named = [("a.jpg", record("a.jpg", "A dog.", notes=[note])), RECORDS[2]]
    text = "".join(lines_of(form, named))
    assert "ä b.jpg" in text
    assert "a.jpg" not in text.replace("ä b.jpg", "")


def test_csv_keeps_a_spreadsheet_from_running_a_name_or_a_caption(tmp_path: Path) -> None:
    named = [("=1+1.jpg", record("=1+1.jpg", "@dog, -1", log_prob=-1.5))]
    text = "".join(lines_of("csv", named, ("path", "caption", "log_prob")))
    assert text.splitlines()[1] == """'=1+1.jpg,"'@dog, -1",-1.5"""
    (tmp_path / "o.csv").write_text(text, encoding="utf-8")
    (entry,) = read_captions(tmp_path / "o.csv")  # and it is read back as it was
    assert (entry.names[0], entry.texts) == ("=1+1.jpg", ("@dog, -1",))


def test_json_and_jsonl_hold_the_records_as_they_are() -> None:
    expected = [record for _, record in RECORDS]
    assert json.loads(text_of("json")) == expected
    assert [json.loads(line) for line in text_of("jsonl").splitlines()] == expected


def test_csv_has_a_column_for_each_field_and_json_in_the_cells_of_lists() -> None:
    rows = list(csv.DictReader(io.StringIO(text_of("csv"))))
    assert tuple(rows[0]) == FIELDS
    assert rows[2]["caption"] == 'A man says "no".'
    for name in ("candidates", "concepts"):
        assert json.loads(rows[0][name]) == RECORDS[0][1][name]
    assert rows[1]["caption"] == ""


def test_fields_may_be_chosen_and_keep_the_order_asked_for() -> None:
    assert text_of("csv", ("caption", "path")).splitlines()[1] == '"A dog, and a cat.",a.jpg'
    (first, *_) = map(json.loads, text_of("jsonl", ("status", "path")).splitlines())
    assert list(first.items()) == [("status", "ok"), ("path", "a.jpg")]


def test_coco_is_what_its_evaluation_reads(tmp_path) -> None:
    path = tmp_path / "results.json"
    path.write_text(text_of("coco"), encoding="utf-8")
    rows = json.loads(path.read_text("utf-8"))
    assert rows[0] == {"image_id": "a.jpg", "caption": "A dog, and a cat."}
    assert len(rows) == 2
    assert len(read_captions(path)) == 2  # `showtell evaluate` reads it, too


def test_no_records_make_a_valid_file() -> None:
    assert "".join(lines_of("json", [])) == "[]\n"
    assert "".join(lines_of("coco", [])) == "[]\n"
    assert "".join(lines_of("csv", [], ("path",))) == "path\n"


def test_an_array_is_closed_even_if_the_records_end_in_an_error() -> None:
    def broken():
        yield RECORDS[0]
        raise OSError("full")

    written = []
    with pytest.raises(OSError, match="full"):
        written.extend(lines_of("json", broken()))
    lines = iter(lines_of("json", broken()))
    text = next(lines) + next(lines)
    assert len(json.loads(text)) == 1


@pytest.mark.parametrize("fields", [FIELDS, ("path", "confidence", "notes")])
def test_parquet_gives_the_records_back(fields: tuple[str, ...]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    write_parquet(file, RECORDS, fields)
    found = parquet.read_table(io.BytesIO(file.getvalue())).to_pylist()
    assert found == [{name: record[name] for name in fields} for _, record in RECORDS]
