"""Records on stdout: sentences for people, JSON for machines. Nothing else is printed there."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from showtell.runtime.records import CaptionRecord

ToDict = Callable[[CaptionRecord], dict[str, Any]]


def write_sentences(records: Iterable[CaptionRecord]) -> None:
    """Write the sentence alone, for a single photo."""
    for record in records:
        if record.caption:
            _print(record.caption.text)


def write_text(records: Iterable[CaptionRecord]) -> None:
    """Write path<TAB>sentence for each photo; one that failed has no line here."""
    for record in records:
        if record.caption:
            _print(f"{record.photo.name}\t{record.caption.text}")


def write_jsonl(records: Iterable[CaptionRecord], to_dict: ToDict) -> None:
    """Write one JSON object a line, as they come."""
    for record in records:
        _print(json.dumps(to_dict(record), ensure_ascii=False))


def write_json(records: Iterable[CaptionRecord], to_dict: ToDict) -> None:
    """Write one JSON array at the end; an interrupted run gives what it has so far."""
    rows: list[dict[str, Any]] = []
    try:
        rows.extend(to_dict(record) for record in records)
    finally:
        _print(json.dumps(rows, indent=2, ensure_ascii=False))


def _print(line: str) -> None:
    """Write a line at once, so that a reader further down the pipe sees it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
