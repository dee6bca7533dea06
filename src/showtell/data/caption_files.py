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

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from types import MappingProxyType
from typing import Any

from showtell.errors import DataError

ID_KEYS = ("image_id", "id", "path", "file_path", "file_name", "filename", "image")
OTHER_NAMES = ("filename", "file_name", "cocoid")  # of the same image, beside the first of those
NUMBER = re.compile(r"#\d+$")  # of a caption among those of its image
TEXT_KEYS = ("caption", "captions", "references", "sentences", "text")


@dataclass(frozen=True)
class Entry:
    """Captions of one image, which may have more entries."""

    names: tuple[str, ...]  # what the image goes by in this file: a number, a path, a file's name
    texts: tuple[str, ...]  # none where a system failed on the image
    split: str | None = None


def parse_captions(data: bytes, name: str) -> list[Entry]:
    """Read a caption file by its content; its suffix tells only CSV and text apart from JSON.

    Args:
        name: of the file, for messages.

    Raises:
        DataError: it is not UTF-8, in none of the formats, or holds no caption; the message
            names the file and the place.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text: {error}") from error
    suffix = PurePath(name).suffix.lower()
    if suffix == ".csv":
        entries = list(_parse_csv(text, name))
    elif text.lstrip()[:1] in ("[", "{") and suffix not in (".txt", ".tsv", ".token"):
        entries = list(_parse_json(text, name))
    else:
        entries = list(_parse_lines(text, name))
    if not entries:
        raise DataError(f"{name} holds no captions; is the file empty?")
    return entries


def to_coco_results(captions: dict[str, str]) -> list[dict[str, str]]:
    """Captions as COCO's results format has them, ready for JSON: one row an image."""
    return [{"image_id": image_id, "caption": text} for image_id, text in captions.items()]


def _parse_lines(text: str, name: str) -> Iterator[Entry]:
    # At newlines alone: `str.splitlines` would cut a caption at U+2028 and its like.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        key, tab, caption = line.partition("\t")
        image = NUMBER.sub("", key.strip())
        # A system may say nothing; a person's numbered caption has words.
        if not tab or not image or (NUMBER.search(key) and not caption.strip()):
            raise DataError(
                f"{name}, line {number}: expected image<TAB>caption or image#n<TAB>caption, "
                f"got {line[:60]!r}"
            )
        yield Entry(_names(image), (caption.strip(),))


def _parse_csv(text: str, name: str) -> Iterator[Entry]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in rows:
            yield _to_entry(row, f"{name}, line {rows.line_num}")
    except csv.Error as error:
        raise DataError(f"{name}, line {rows.line_num}: {error}") from error


def _parse_json(text: str, name: str) -> Iterator[Entry]:
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and _is_whole(lines[0]):
        for number, line in enumerate(lines, start=1):
            where = f"{name}, record {number}"
            yield _to_entry(_load(line, where), where)
        return
    value = _load(text, name)
    files = {}
    if isinstance(value, dict) and "annotations" in value:
        files = _coco_file_names(value.get("images"))
        value = value["annotations"]
    elif isinstance(value, dict) and "images" in value:
        value = value["images"]
    elif isinstance(value, dict) and not any(key in value for key in ID_KEYS):
        value = [{"id": image, "captions": texts} for image, texts in value.items()]
    for number, row in enumerate(value if isinstance(value, list) else [value], start=1):
        yield _to_entry(row, f"{name}, record {number}", files)


def _coco_file_names(images: Any) -> dict[str, str]:
    """Map COCO's image numbers to file names."""
    return {
        str(image["id"]): image["file_name"]
        for image in (images if isinstance(images, list) else ())
        if isinstance(image, dict) and {"id", "file_name"} <= image.keys()
    }


def _to_entry(row: Any, where: str, files: Mapping[str, str] = MappingProxyType({})) -> Entry:
    """Read one record, whichever of the usual names its fields have."""
    keys = [key for key in ID_KEYS if key in row] if isinstance(row, dict) else []
    texts = [row[key] for key in TEXT_KEYS if key in row] if keys else []
    if not keys or not texts:
        raise DataError(
            f"{where}: expected an image ({', '.join(ID_KEYS[:3])} …) and its caption, "
            f"got {str(row)[:60]!r}"
        )
    image = row[keys[0]]
    if isinstance(image, bool) or not isinstance(image, str | int) or image == "":
        raise DataError(f"{where}: an image is named by text or a number, got {image!r}")
    more = [files.get(str(image)), *(row.get(key) for key in OTHER_NAMES)]
    names = _names(str(image), *(str(name) for name in more if name is not None))
    return Entry(names, tuple(_texts(texts[0], where)), row.get("split"))


def _texts(value: Any, where: str) -> Iterator[str]:
    """Give the sentences of a text, of a list, or of Karpathy's {"raw": …}; none of null."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, where)
    elif isinstance(value, dict) and "raw" in value:
        yield from _texts(value["raw"], where)
    elif value is not None:
        raise DataError(f"{where}: a caption must be text, got {str(value)[:60]!r}")


def _names(*names: str) -> tuple[str, ...]:
    """Add the last part of a path to an image's names."""
    return tuple(dict.fromkeys([*names, PurePosixPath(names[0]).name or names[0]]))


def _is_whole(line: str) -> bool:
    """Whether a line alone is a JSON object, so that the file is JSON Lines."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _load(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_refuse_repeated_keys)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is not valid JSON: {error}") from error


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {repeated!r} occurs twice")
    return found
