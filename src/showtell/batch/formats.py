"""Records as files of every format. Names are (as the system has it, record) pairs.

`text` and `coco` are for captions alone, those that are sure enough; the others hold whole records,
or the fields asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields as fields_of
from itertools import islice
from typing import IO, Any, Literal

from showtell.config import BeamConfig
from showtell.extras import require_extra
from showtell.printable import csv_line, json_text, one_line
from showtell.runtime.records import FIELDS, Record, is_uncertain

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


def lines_of(
    form: Format, records: Named, fields: Sequence[str] = FIELDS, *, sentences: int = 1
) -> Iterator[str]:
    """Give the lines of a file, each with its end, as records come. Not for parquet.

    Args:
        fields: of records; the formats that are for captions alone have their own.
        sentences: at most so many for each photo, best first, in text.
    """
    return _text(records, sentences) if form == "text" else _LINES[form](records, fields)


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


def _text(records: Named, sentences: int) -> Iterator[str]:
    for name, record in _told(records):
        others = [candidate["caption"] for candidate in record["candidates"] or ()]
        found = list(dict.fromkeys([record["caption"], *others]))
        yield one_line(name, *found[:sentences]) + "\n"


def _jsonl(records: Named, fields: Sequence[str]) -> Iterator[str]:
    for _, record in records:
        yield json_text(_trimmed(record, fields)) + "\n"


def _json(records: Named, fields: Sequence[str]) -> Iterator[str]:
    return _array(_trimmed(record, fields) for _, record in records)


def _coco(records: Named, fields: Sequence[str]) -> Iterator[str]:
    """Results as COCO's evaluation reads them: one row for each image that has a caption."""
    return _array(
        {"image_id": record["path"], "caption": record["caption"]} for _, record in _told(records)
    )


def _csv(records: Named, fields: Sequence[str]) -> Iterator[str]:
    """Give a header and a row for each record; lists and objects are JSON in their cells."""
    yield csv_line(fields)
    for _, record in records:
        yield csv_line(_cell(record[field]) for field in fields)


_LINES: dict[Format, Callable[[Named, Sequence[str]], Iterator[str]]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "coco": _coco,
}


def _told(records: Named) -> Named:
    """Leave out what has no caption, or one that is not sure enough."""
    for name, record in records:
        if record["caption"] and record["status"] == "ok" and not is_uncertain(record):
            yield name, record


def _array(rows: Iterable[Record]) -> Iterator[str]:
    """Give one JSON array; it is whole even if the rows end in an error."""
    separator = "[\n"
    try:
        for row in rows:
            yield separator + json_text(row)
            separator = ",\n"
    except BaseException as error:
        if not isinstance(error, GeneratorExit):
            yield "[]\n" if separator == "[\n" else "\n]\n"
        raise
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _trimmed(record: Record, fields: Sequence[str]) -> Record:
    return {field: record[field] for field in fields}


def _cell(value: Any) -> Any:
    return json_text(value) if isinstance(value, dict | list) else value


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
