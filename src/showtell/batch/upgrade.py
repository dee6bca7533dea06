"""Journals of earlier showtells, brought into the form of this one.

Version 0 had no number, and described its settings by `str(dataclass)`:
`{"model": "base 0.1.0 4ee1…", "search": "BeamConfig(beam_size=3, …)", "num_captions": null,
"min_confidence": 0.0, "destinations": ["Destination(kind='txt', directory=PosixPath('x'), …)"]}`
"""

import ast
import json
import sqlite3
from typing import Any

VERSION = 1  # of the tables and of the settings in them


def upgrade(db: sqlite3.Connection) -> None:
    """Bring a journal up to this version, within the caller's transaction.

    Raises:
        ValueError: what it says of its job cannot be read.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ValueError("a newer showtell made it; update this one (pip install -U showtell)")
    if version == 0:
        for (settings,) in db.execute("SELECT settings FROM job").fetchall():
            db.execute("UPDATE job SET settings = ?", (json.dumps(_of_0(json.loads(settings))),))
        db.execute(f"PRAGMA user_version = {VERSION}")


def begin_anew(db: sqlite3.Connection) -> None:
    """Take out what a journal of any version holds, within the caller's transaction."""
    for table in ("photos", "job"):
        db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(f"PRAGMA user_version = {VERSION}")


def _of_0(kept: dict[str, Any]) -> dict[str, Any]:
    try:
        name, version, sha256 = kept.pop("model").rsplit(" ", 2)
        return kept | {
            "model": {"name": name, "version": version, "sha256": sha256},
            "decoding": _fields(kept.pop("search")),
            "destinations": [_fields(text) for text in kept.get("destinations", [])],
        }
    except (AttributeError, KeyError, SyntaxError, TypeError) as error:
        raise ValueError(f"its job is described as {kept}") from error


def _fields(described: str) -> dict[str, Any]:
    """Read the fields of a dataclass from its `str`; a path is the text of it."""
    call = ast.parse(described, mode="eval").body
    if not isinstance(call, ast.Call):
        raise ValueError(f"{described!r} describes no settings")
    return {str(field.arg): _value(field.value) for field in call.keywords}


def _value(node: ast.expr) -> Any:
    is_path = isinstance(node, ast.Call)  # PosixPath('x'), WindowsPath('x')
    return ast.literal_eval(node.args[0] if is_path else node)  # type: ignore[attr-defined]
