"""METEOR's table of paraphrases, of which only what a set of captions can use is kept.

The table is a gzipped file of UTF-8, 5.3 million entries of three lines: a probability, a phrase,
its paraphrase; words are lower-case with single blanks between, at most seven in a phrase. METEOR
does not look at the probabilities, and uses every entry in both directions.
"""

import gzip
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from showtell.metrics.meteor.resources import damaged

MAX_WORDS = 7  # in a phrase of the table
_BLOCK = 1 << 20  # bytes to unpack at once; much larger blocks are slower

# Phrase -> its paraphrases with their places in the table, which settle the order of matches.
Paraphrases = dict[str, dict[str, int]]


def read_paraphrases(
    path: Path, phrases: Collection[bytes], progress: Callable[[float], None]
) -> Paraphrases:
    """Read the entries both of whose sides are among the phrases given.

    Args:
        path: the gzipped table.
        phrases: a set, for it is asked ten million times.
        progress: is told the share of the table that has been read, 0 to 1.

    Raises:
        DataError: the table cannot be unpacked, or does not consist of threes of lines.
    """
    found: Paraphrases = {}
    place = 0
    for lines, share in _read_lines(path):
        entries = zip(lines[1::3], lines[2::3], strict=True)
        kept = [
            (start, phrase, paraphrase)
            for start, (phrase, paraphrase) in enumerate(entries, start=place)
            if phrase in phrases and paraphrase in phrases
        ]
        for row, phrase, paraphrase in kept:
            found.setdefault(phrase.decode(), {})[paraphrase.decode()] = row
        place += len(lines) // 3
        progress(share)
    if not place:
        raise damaged(path, "it is empty")
    return found


def _read_lines(path: Path) -> Iterator[tuple[list[bytes], float]]:
    """Yield lines, each time a multiple of three, with the share of the file read so far."""
    size = path.stat().st_size
    lines: list[bytes] = []
    rest = b""
    try:
        with path.open("rb") as packed, gzip.open(packed) as table:
            while block := table.read(_BLOCK):
                *complete, rest = (rest + block).split(b"\n")
                lines += complete
                whole = len(lines) - len(lines) % 3
                yield lines[:whole], packed.tell() / size
                del lines[:whole]
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error
    if lines or rest:
        raise damaged(path, "it ends within an entry")
