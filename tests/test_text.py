import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from showtell.text import detokenize, tokenize

PIECES = [
    *("a", "n", "t", "s", "re", "'", "\N{RIGHT SINGLE QUOTATION MARK}", "'s", "n't", "don't"),
    *("-", "&", "_", " ", ".", "1", "ß", "ﬁ", "ı", "İ", "ŉ", "Σ", "ς", "e\u0301", "\u2028"),
]
CAPTIONS = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        ("A dog runs .", ["a", "dog", "runs"]),
        ("Two dogs, one ball!", ["two", "dogs", "one", "ball"]),
        ('A sign says "STOP"; (red)', ["a", "sign", "says", "stop", "red"]),
        ("a man's hat", ["a", "man", "'s", "hat"]),
        ("a man\N{RIGHT SINGLE QUOTATION MARK}s hat", ["a", "man", "'s", "hat"]),
        ("a man 's hat", ["a", "man", "'s", "hat"]),
        ("the dogs' ball", ["the", "dogs", "ball"]),
        (
            "they're, we've, I'll, he'd, I'm",
            ["they", "'re", "we", "'ve", "i", "'ll", "he", "'d", "i", "'m"],
        ),
        ("it doesn't, can't, won't", ["it", "does", "n't", "ca", "n't", "wo", "n't"]),
        ("the well-don't sign", ["the", "well-do", "n't", "sign"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("a black-and-white T-shirt", ["a", "black-and-white", "t-shirt"]),
        ("an R&B band & a bar", ["an", "r&b", "band", "a", "bar"]),
        ("- left -right-", ["left", "right"]),
        ("snake_case", ["snake", "case"]),
        ("3 boys in 1980's cars", ["3", "boys", "in", "1980", "'s", "cars"]),
        ("A Café in Zürich", ["a", "café", "in", "zürich"]),
        ("two\twords\n", ["two", "words"]),
        (" ...\n", []),
        ("", []),
    ],
)
def test_captions_are_read_coco_style(caption, tokens):
    assert tokenize(caption) == tokens


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (["a", "dog", "runs"], "A dog runs."),
        (["a", "man", "'s", "t-shirt"], "A man's t-shirt."),
        (["it", "does", "n't", "fit"], "It doesn't fit."),
        (["they", "'re", "here"], "They're here."),
        (["élan"], "Élan."),
        (["3", "dogs"], "3 dogs."),
        (["n't"], "N't."),
        (["'s"], "'s."),
    ],
)
def test_a_sentence_has_a_capital_a_full_stop_and_joined_clitics(tokens, sentence):
    assert detokenize(tokens) == sentence


def test_no_tokens_make_the_empty_string():
    assert detokenize([]) == ""


def test_a_letter_whose_capital_is_another_word_stays_small():
    assert detokenize(["ßa"]) == "ßa."


@given(CAPTIONS)
@settings(max_examples=500)
@example("'s n't")
@example("n't n't n't")
@example("t-shirt n't")
@example("ſo")
def test_a_sentence_is_read_back_as_the_tokens_it_was_made_of(caption):
    tokens = tokenize(caption)
    assert tokenize(detokenize(tokens)) == tokens


@given(CAPTIONS)
def test_every_token_is_one_lower_case_word(caption):
    for token in tokenize(caption):
        assert token.split() == [token]
        assert token == token.lower()


@given(CAPTIONS)
def test_case_and_punctuation_around_words_change_nothing(caption):
    assert tokenize(f'  "{caption.lower()}" !?,.') == tokenize(caption)
