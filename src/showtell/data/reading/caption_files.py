"""Captions on disk, a system's or people's, in the formats that the field uses.

COCO results     [{"image_id": 7, "caption": "a dog runs"}]
COCO captions    {"images": [{"id": 7, "file_name": "7.jpg"}],
                  "annotations": [{"image_id": 7, "caption": "a dog runs"}]}
Karpathy         {"images": [{"filename": "7.jpg", "split": "val", "sentences": [{"raw": …}]}]}
JSON Lines       {"path": "7.jpg", "caption": "a dog runs"}, or "captions": […], on each line
mapping          {"7.jpg": "a dog runs"}, or lists of captions
CSV              image,caption in the first line
text             7.jpg<TAB>a dog runs, and Flickr8k's 7.jpg#0<TAB>a dog runs
"""

import codecs
import csv
import io
import json
import re
import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from types import MappingProxyType
from typing import Any

from showtell.errors import DataError
from showtell.printable import from_csv
from showtell.suffixes import READABLE_SUFFIXES

# An image's names, the first of them found being its id.
NAME_KEYS = ("image_id", "path", "file_path", "file_name", "filename", "image", "cocoid", "id")
TEXT_KEYS = ("caption", "captions", "references", "sentences", "text")
_NUMBER = re.compile(r"#\d+$")  # of a caption among those of its image


@dataclass(frozen=True)
class Entry:
    """Captions of one image, which may have more entries."""

    names: tuple[str, ...]  # what the image goes by in this file: a number, a path, a file's name
    texts: tuple[str, ...]  # none where a system failed on the image
    split: str | None = None


def parse_captions(data: bytes, name: str) -> list[Entry]:
    """Read a caption file, whose format its content tells.

    Args:
        name: of the file, for messages.

    Raises:
        DataError: it is not UTF-8, in none of the formats, or holds no caption; the message
            names the file and the place.
    """
    text = decode(data, name)
    first_line = text.lstrip().partition("\n")[0]
    if _is_json(first_line):
        entries = list(_parse_json(text, name))
    elif delimiter := _delimiter(first_line):
        entries = list(_parse_table(text, delimiter, name))
    else:
        entries = list(_parse_lines(text, name))
    if not entries:
        raise DataError(f"{name} holds no captions; is the file empty?")
    return entries


def read_captions(path: Path) -> list[Entry]:
    """Read a caption file.

    Raises:
        DataError: it cannot be read or understood.
    """
    return parse_captions(read_file(path), str(path))


def why_no_captions(path: Path) -> str | None:
    """Say why a file does not begin as captions do; None where it does, whatever follows."""
    try:
        first_line = decode(read_file(path), str(path)).lstrip().partition("\n")[0]
        # The first line of a table is no caption yet, and JSON may be laid out over many lines.
        if not _delimiter(first_line) and (not _is_json(first_line) or _is_whole(first_line)):
            parse_captions(first_line.encode(), str(path))
    except DataError as error:
        return str(error)
    return None


def read_file(path: Path) -> bytes:
    """Read the bytes of a file or a pipe.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8, or UTF-16 that begins with its byte order mark, as Windows writes both.

    Raises:
        DataError: it is neither; the message calls it by `name` and gives the line.
    """
    marks = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
    try:
        return data.decode("utf-16" if data.startswith(marks) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name} is not UTF-8 text in line {line}; save it as UTF-8") from error


def lines_of(text: str) -> list[str]:
    """Cut at newlines alone: `str.splitlines` would cut a caption at U+2028 and its like."""
    return text.split("\n")


def to_coco_results(captions: dict[str, str]) -> list[dict[str, str | int]]:
    """Captions as COCO's results format has them, ready for JSON: one row an image.

    An id that is a number becomes one: COCO's own tools compare it with the numbers in theirs.
    """
    return [
        {"image_id": int(i) if i.isdecimal() and str(int(i)) == i else i, "caption": text}
        for i, text in captions.items()
    ]


def _is_json(line: str) -> bool:
    """Whether a first line begins JSON, and not a text whose image has a name like [1].jpg."""
    head, tab, _ = line.partition("\t")
    return line[:1] in ("[", "{") and (not tab or '"' in head or head.strip() in ("[", "{"))


def _parse_lines(text: str, name: str) -> Iterator[Entry]:
    numbered: set[str] = set()
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        key, _, caption = (part.strip() for part in line.partition("\t"))
        image = _NUMBER.sub("", key)
        where = f"{name}, line {number}"
        # A system may say nothing; a person's numbered caption has words.
        if "\t" not in line or not image or (image != key and not caption):
            raise DataError(
                f"{where}: expected image<TAB>caption, image#n<TAB>caption, or a first line "
                f"image,caption, got {line[:60]!r}{_missing_column(line) if number == 1 else ''}"
            )
        if "\t" in caption:
            raise DataError(
                f"{where}: more than one TAB; a first line such as image<TAB>caption<TAB>score "
                "names the columns"
            )
        if key in numbered:
            raise DataError(f"{where}: {key} occurs twice")
        if image != key:
            numbered.add(key)
        yield Entry(image_names(image), (caption,))


def _delimiter(line: str) -> str | None:
    """Give what separates the columns that a first line heads, if it heads a table of captions."""
    for delimiter, columns in _columns(line):
        if not columns.isdisjoint(NAME_KEYS) and not columns.isdisjoint(TEXT_KEYS):
            return delimiter
    return None


def _missing_column(line: str) -> str:
    """End a message about a first line that heads a column of images or of captions, not both."""
    for _, columns in _columns(line):
        for there, what, keys in (
            (TEXT_KEYS, "image", NAME_KEYS),
            (NAME_KEYS, "caption", TEXT_KEYS),
        ):
            if len(columns) > 1 and not columns.isdisjoint(there):
                return f"; no column is called as the {what}'s: {', '.join(keys)}"
    return ""


def _columns(line: str) -> Iterator[tuple[str, set[str]]]:
    for delimiter in (",", "\t", ";"):
        yield delimiter, {column.strip(' "\r').lower() for column in line.split(delimiter)}


def _parse_table(text: str, delimiter: str, name: str) -> Iterator[Entry]:
    lines = io.StringIO(text.lstrip(), newline="")
    rows = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    header = [column.strip().lower() for column in next(rows)]
    if len(set(header)) < len(header):
        raise DataError(f"{name}, line 1: a column occurs twice in {delimiter.join(header)}")
    where = f"{name}, line 2"
    try:
        for row in rows:
            if row and len(row) != len(header):
                raise DataError(
                    f"{where}: {len(row)} fields for the {len(header)} columns "
                    f"{delimiter.join(header)}; a caption that holds {delimiter!r} needs quotes"
                )
            if row:
                yield _to_entry(dict(zip(header, map(from_csv, row), strict=True)), where)
            where = f"{name}, line {rows.line_num + 1}"
    except csv.Error as error:
        raise DataError(f"{where}: {error}") from error


def _parse_json(text: str, name: str) -> Iterator[Entry]:
    lines = [line for line in lines_of(text) if line.strip()]
    if len(lines) > 1 and _is_whole(lines[0]):
        for number, line in enumerate(lines, start=1):
            where = f"{name}, record {number}"
            yield _to_entry(_load(line, where), where)
        return
    value = _load(text, name)
    files = {}
    if isinstance(value, dict) and "annotations" in value:
        files = _coco_fileimage_names(value.get("images"))
        value = value["annotations"]
    elif isinstance(value, dict) and "images" in value:
        value = value["images"]
    elif isinstance(value, dict) and not any(key in value for key in NAME_KEYS):
        value = [{"id": image, "captions": texts} for image, texts in value.items()]
    for number, row in enumerate(value if isinstance(value, list) else [value], start=1):
        yield _to_entry(row, f"{name}, record {number}", files)


def _coco_fileimage_names(images: Any) -> dict[str, str]:
    """Map COCO's image numbers to file names."""
    return {
        str(image["id"]): image["file_name"]
        for image in (images if isinstance(images, list) else ())
        if isinstance(image, dict) and {"id", "file_name"} <= image.keys()
    }


def _to_entry(row: Any, where: str, files: Mapping[str, str] = MappingProxyType({})) -> Entry:
    """Read one record, whichever of the usual names its fields have."""
    keys = [key for key in NAME_KEYS if key in row] if isinstance(row, dict) else []
    if "id" in keys and len(keys) > 1:
        keys.remove("id")  # of the row, or of the caption
    names = [row[key] for key in keys]
    texts = [row[key] for key in TEXT_KEYS if key in row] if names else []
    if not texts:
        raise DataError(
            f"{where}: expected an image ({', '.join(NAME_KEYS[:3])} …) and its caption "
            f"({', '.join(TEXT_KEYS[:2])} …), found no {'caption' if names else 'image'} in "
            f"{reprlib.repr(row)}"
        )
    if isinstance(names[0], bool) or not isinstance(names[0], str | int) or names[0] == "":
        raise DataError(
            f"{where}: an image is named by text or a number, got {reprlib.repr(names[0])}"
        )
    found = [str(n) for n in [*names, files.get(str(names[0]))] if isinstance(n, str | int)]
    if {"filepath", "filename"} <= row.keys():  # Karpathy's COCO: the folder, apart from the name
        found.append(f"{row['filepath']}/{row['filename']}")
    split = row.get("split")
    return Entry(
        names=image_names(*(_whole(name, where) for name in found)),
        texts=tuple(_whole(text, where) for text in _texts(texts[0], where)),
        split=split if isinstance(split, str) else None,
    )


def _texts(value: Any, where: str) -> list[Any]:
    """Give the sentences of a text, of a list, or of Karpathy's {"raw": …}; none of null."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    texts = [item.get("raw") if isinstance(item, dict) else item for item in items]
    if not all(isinstance(text, str) for text in texts):
        raise DataError(f"{where}: a caption must be text, got {reprlib.repr(value)}")
    return texts


def _whole(text: str, where: str) -> str:
    """Refuse half a surrogate pair, which JSON can hold and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: {text[:60]!r} is not Unicode text") from error
    return text


def image_names(*names: str) -> tuple[str, ...]:
    """Add to an image's names the ends of its path, and the last without a picture's suffix.

    `photos/a/1.jpg` is also `a/1.jpg`, `1.jpg` and `1`.
    """
    files = [PureWindowsPath(name) for name in names]  # splits at / and at \\
    ends = ["/".join(f.parts[first:]) for f in files for first in range(1, len(f.parts))]
    parts = [file.name for file in files]
    stems = [file.stem for file in files if file.suffix.lower() in READABLE_SUFFIXES]
    return tuple(dict.fromkeys(name for name in (*names, *ends, *parts, *stems) if name))


def _is_whole(line: str) -> bool:
    """Whether a line alone is a JSON object, so that the file is JSON Lines."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _load(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_refuse_repeated_keys)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DataError(f"{where} is not valid JSON: {error.msg} at {place}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is not valid JSON: {error}") from error


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {repeated!r} occurs twice")
    return found
