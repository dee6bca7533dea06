import pytest

from showtell.metrics.meteor.normalise import Prefixes, join_words, normalise

PREFIXES = Prefixes(always=frozenset({"Mr", "St"}), before_number=frozenset({"No"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Dog runs", "a dog runs"),
        ("grass, (green) & wet!", "grass , ( green ) & wet !"),
        ("1,000 dogs, 2 cats", "1,000 dogs , 2 cats"),
        ("a,b,c", "a , b,c"),  # the comma before "c" has lost the "b" to the one before
        ("a t-shirt", "a t shirt"),
        ("well – so -- yes", "well - so - yes"),
        ("wait...what", "wait ... what"),
        ("the end.", "the end ."),
        ("Mr. Big", "mr. big"),
        ("No. 5", "no. 5"),
        ("No. Never", "no . never"),
        ("etc. and so on", "etc. and so on"),  # kept before a small letter
        ("the U.S. flag", "the us flag"),
        ("3.50 dollars", "3.50 dollars"),
        ("don't", "don 't"),
        ("a man's dog", "a man 's dog"),
        ("the dogs' bowl", "the dogs ' bowl"),
        ("the 1990's", "the 1990 's"),
        ("‘so’ “he” ''said''", '\' so \' " he " " said "'),
        ("no\N{NO-BREAK SPACE}break", "no break"),
        ("Über", "über"),
        ("μ", "μ"),
        ("", ""),
        (" . ", "."),
    ],
)
def test_text_is_split_as_meteor_splits_it(text, words):
    assert normalise(text, PREFIXES) == words.split()


def test_words_are_joined_to_a_line_that_cannot_break_the_protocol():
    assert join_words(["a\ndog", "|||", "ru||||ns", "||"]) == "a dog  ru|ns ||"
