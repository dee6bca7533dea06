"""Text from outside, made safe to show: see `showtell.printable`."""

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.printable import csv_line, from_csv, json_text, one_line

any_text = st.text(st.characters(exclude_categories=()))  # halves of surrogate pairs too
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a dog", "a dog"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31mred\x07\x7f", r"\x1b[31mred\x07\x7f"),
        ("\x9b31m\x85", r"\u009b31m\u0085"),
        ("gpj.\u202egnp", r"gpj.\u202egnp"),
        ("two\u2028lines\u2029", r"two\u2028lines\u2029"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), r"caf\xe9"),
        ("half \ud83d", r"half \ud83d"),
        ("Ä 日本 👩‍👩‍👧 می‌خواهم", "Ä 日本 👩‍👩‍👧 می‌خواهم"),  # joiners are part of words
        (r"C:\new", r"C:\new"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped_and_the_rest_stays(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_cells_stand_in_one_line_with_tabs_between_and_none_within() -> None:
    assert one_line("a\tb.jpg", "A dog.\nA cat.") == "a\\tb.jpg\tA dog.\\nA cat."


@given(any_text)
def test_no_text_at_all_reaches_a_terminal_as_anything_but_text(text: str) -> None:
    for shown in (one_line(text), json_text(text)):
        assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
        assert not set(shown) & set(BIDI)
        assert shown.encode("utf-8").decode("utf-8") == shown
        assert len(shown.splitlines()) <= 1


@given(any_text)
def test_json_says_the_same_after_escaping(text: str) -> None:
    assert json.loads(json_text({"path": text})) == {"path": text}


def test_json_keeps_letters_of_every_script_as_they_are() -> None:
    assert json_text(["日本"]) == '["日本"]'


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_cell_that_begins_a_formula_is_text_to_a_spreadsheet(sign: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(csv_line([f"{sign}1+1"]), newline=""))
    assert cell == f"'{sign}1+1"
    assert from_csv(cell) == f"{sign}1+1"


def test_a_cell_cannot_begin_another_where_semicolons_part_them() -> None:
    assert csv_line(["a;=1+1"]) == '"a;=1+1"\n'


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell() -> None:
    assert csv_line([-7.25, 3, None, "'tis"]) == "-7.25,3,,'tis\n"
    assert from_csv("'tis") == "'tis"


plain_text = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=BIDI + "'")
)


@given(st.lists(plain_text, min_size=2))
def test_csv_is_read_back_as_it_was(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(csv_line(cells), newline=""))
    assert [from_csv(cell) for cell in row] == cells


def test_an_escape_sequence_does_not_reach_a_terminal_through_csv() -> None:
    assert csv_line(["\x1b]0;title\x07", "a\nb"]) == '"\\x1b]0;title\\x07","a\nb"\n'
