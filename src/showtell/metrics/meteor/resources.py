"""METEOR's own data, read out of the installed pycocoevalcap; nothing of it is kept here.

The jar is a zip file that holds the word lists; the table of paraphrases lies beside it.
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from showtell.errors import DataError, MissingExtraError
from showtell.metrics.meteor.lexicon import WordNet
from showtell.metrics.meteor.normalise import Prefixes

_LISTS = (
    "function/english.words",
    "nonbreaking/english.prefixes",
    "synonym/english.synsets",
    "synonym/english.exceptions",
)
_REPAIR = "reinstall it: pip install --force-reinstall --no-deps pycocoevalcap"


@dataclass(frozen=True)
class Resources:
    """What METEOR reads of English."""

    function_words: frozenset[str]
    prefixes: Prefixes
    wordnet: WordNet
    paraphrases: Path  # gzipped, see `read_paraphrases`


def find_jar() -> Path:
    """Give the path of METEOR 1.5 in the installed pycocoevalcap, without importing that.

    Raises:
        MissingExtraError: pycocoevalcap is not installed.
        DataError: it is, without the jar.
    """
    package = find_spec("pycocoevalcap")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError(
            "METEOR's data come with pycocoevalcap, which is not installed: "
            "pip install pycocoevalcap"
        )
    return _existing(Path(package.submodule_search_locations[0], "meteor", "meteor-1.5.jar"))


def find_table(jar: Path) -> Path:
    """Give the path of the table of paraphrases, which lies beside the jar.

    Raises:
        DataError: there is none, or it is no gzipped file: the jar would score without it.
    """
    table = _existing(jar.parent / "data" / "paraphrase-en.gz")
    with table.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise damaged(table, "it is not gzipped")
    return table


def load_resources(jar: Path) -> Resources:
    """Read the word lists in the jar; of the table of paraphrases find only the path.

    Raises:
        DataError: a file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(jar) as archive:
            lines = {name: archive.read(name).decode().splitlines() for name in _LISTS}
        words, prefixes, synsets, exceptions = (lines[name] for name in _LISTS)
        return Resources(
            function_words=frozenset(words),
            prefixes=_parse_prefixes(prefixes),
            wordnet=WordNet(_line_pairs(synsets), _invert(_line_pairs(exceptions))),
            paraphrases=find_table(jar),
        )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(jar, error) from error


def damaged(path: Path, problem: object) -> DataError:
    """Make the error that says a file of METEOR's is not as it was published."""
    return DataError(f"{path} of pycocoevalcap is damaged ({problem}); {_REPAIR}")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise DataError(f"pycocoevalcap is installed without {path}; {_REPAIR}")
    return path


def _parse_prefixes(lines: Sequence[str]) -> Prefixes:
    entries = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    numeric = frozenset(entry[0] for entry in entries if "#NUMERIC_ONLY#" in entry[1:2])
    return Prefixes(frozenset(entry[0] for entry in entries) - numeric, numeric)


def _line_pairs(lines: Sequence[str]) -> dict[str, str]:
    return dict(zip(lines[::2], lines[1::2], strict=True))


def _invert(forms: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn base form -> irregular forms around."""
    bases: dict[str, list[str]] = {}
    for base, irregular in forms.items():
        for form in irregular.split():
            bases.setdefault(form, []).append(base)
    return bases
