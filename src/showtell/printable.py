r"""Text from outside, made safe to show: file names, captions, what photos say of themselves.

Such text may hold anything: newlines that make two lines of one, escape sequences that a terminal
obeys, marks that turn the letters after them around, a formula. The rules, here and nowhere else:

    text and messages   `one_line`: these characters as \n, \x1b, \u202e; bytes of a file name that
                        are not UTF-8 as \xe9
    JSON                `json_text`: the same characters as JSON's own \u001b, so nothing is lost
    CSV                 `csv_line`: as OWASP advises, a quote before a cell that begins a formula
"""

import json
import re
from collections.abc import Iterable
from typing import Any

# C0 and C1 controls; marks, embeddings, overrides and isolates of direction; line and paragraph
# separators; halves of surrogate pairs, as Python has bytes that are not UTF-8.
_BEYOND_ASCII = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE = re.compile(rf"[\x00-\x1f{_BEYOND_ASCII}]")
_UNSAFE_IN_JSON = re.compile(f"[{_BEYOND_ASCII}]")  # JSON escapes C0 itself
_UNSAFE_IN_CSV = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_BEYOND_ASCII}]")
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
# What a spreadsheet takes for the beginning of a formula (owasp.org/www-community/attacks/
# CSV_Injection), the full-width signs too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_TO_BE_QUOTED = re.compile(r'[,;"\t\r\n]')  # `;` parts cells in half of Europe


def one_line(*cells: object) -> str:
    """Show text in one line, unsafe characters escaped; of several cells, with tabs between."""
    return "\t".join(_UNSAFE.sub(_escape, str(cell)) for cell in cells)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Give JSON in Unicode that is safe to show and that UTF-8 can hold, whatever is in it."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def csv_line(cells: Iterable[Any]) -> str:
    """Give a line of CSV with its end. Text is made safe; numbers stay, None is an empty cell."""
    return ",".join(_csv_cell(cell) for cell in cells) + "\n"


def from_csv(cell: str) -> str:
    """Take back the quote that `csv_line` puts before what begins a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def _csv_cell(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = _UNSAFE_IN_CSV.sub(_escape, value)
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return '"{}"'.format(text.replace('"', '""')) if _TO_BE_QUOTED.search(text) else text


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte, which Python holds as half of a surrogate pair
        return f"\\x{code - 0xDC00:02x}"
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}")
