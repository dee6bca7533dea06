"""Records as files of every format. Names are (as the system has it, record) pairs.

`text` and `coco` are for captions alone; the others hold whole records, or the fields asked for.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields as fields_of
from itertools import islice
from typing import IO, Any, Literal

from showtell.config import BeamConfig
from showtell.extras import require_extra
from showtell.runtime.records import FIELDS, Record

Format = Literal["text", "json", "jsonl", "csv", "parquet", "coco"]
SUFFIXES: dict[str, Format] = {
    ".txt": "text",
    ".tsv": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
Named = Iterable[tuple[str, Record]]
_ROWS = 1000  # of a parquet file that are held in memory


def lines_of(form: Format, records: Named, fields: Sequence[str] = FIELDS) -> Iterator[str]:
    """Give the lines of a file, each with its end, as records come. Not for parquet."""
    return _LINES[form](records, fields)


def write_parquet(file: IO[bytes], records: Named, fields: Sequence[str] = FIELDS) -> None:
    """Write records as columns, a row group for every thousand.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    require_extra("parquet", purpose="--format parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(pa, fields)
    rows = iter(records)
    with pq.ParquetWriter(file, schema) as writer:
        while group := [_trimmed(record, fields) for _, record in islice(rows, _ROWS)]:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _text(records: Named, fields: Sequence[str]) -> Iterator[str]:
    for name, record in records:
        if record["caption"] and record["status"] == "ok":
            yield f"{name}\t{record['caption']}\n"


def _jsonl(records: Named, fields: Sequence[str]) -> Iterator[str]:
    for _, record in records:
        yield json.dumps(_trimmed(record, fields), ensure_ascii=False) + "\n"


def _json(records: Named, fields: Sequence[str]) -> Iterator[str]:
    return _array(_trimmed(record, fields) for _, record in records)


def _coco(records: Named, fields: Sequence[str]) -> Iterator[str]:
    """Results as COCO's evaluation reads them: one row for each image that has a caption."""
    return _array(
        {"image_id": record["path"], "caption": record["caption"]}
        for _, record in records
        if record["caption"] and record["status"] == "ok"
    )


def _csv(records: Named, fields: Sequence[str]) -> Iterator[str]:
    """Give a header and a row for each record; lists and objects are JSON in their cells."""
    yield _csv_line(fields)
    for _, record in records:
        yield _csv_line([_cell(record[field]) for field in fields])


_LINES: dict[Format, Callable[[Named, Sequence[str]], Iterator[str]]] = {
    "text": _text,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "coco": _coco,
}


def _array(rows: Iterable[Record]) -> Iterator[str]:
    """Give one JSON array; it is whole even if the rows end in an error."""
    separator = "[\n"
    try:
        for row in rows:
            yield separator + json.dumps(row, ensure_ascii=False)
            separator = ",\n"
    except BaseException as error:
        if not isinstance(error, GeneratorExit):
            yield "[]\n" if separator == "[\n" else "\n]\n"
        raise
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _trimmed(record: Record, fields: Sequence[str]) -> Record:
    return {field: record[field] for field in fields}


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _csv_line(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _schema(pa: Any, fields: Sequence[str]) -> Any:
    text, real, whole = pa.string(), pa.float64(), pa.int64()
    candidate = pa.struct([("caption", text), ("log_prob", real), ("score", real)])
    message = pa.struct([("code", text), ("message", text)])
    kinds = {int: whole, float: real, bool: pa.bool_()}
    search = [(setting.name, kinds[type(setting.default)]) for setting in fields_of(BeamConfig)]
    types = {
        "confidence": real,
        "log_prob": real,
        "candidates": pa.list_(candidate),
        "concepts": pa.list_(pa.struct([("word", text), ("probability", real)])),
        "width": whole,
        "height": whole,
        "model": pa.struct([("name", text), ("version", text), ("sha256", text)]),
        "decoding": pa.struct(search),
        "elapsed_ms": real,
        "error": message,
        "notes": pa.list_(message),
    }
    return pa.schema([(field, types.get(field, text)) for field in fields])
