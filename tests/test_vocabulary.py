import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.errors import BundleError, DataError
from showtell.text import tokenize
from showtell.vocabulary import END_ID, PAD_ID, SPECIAL_TOKENS, START_ID, UNK_ID, Vocabulary

CAPTIONS = [["a", "dog", "runs"], ["a", "cat", "runs"], ["a", "dog"]]


@pytest.fixture
def vocabulary():
    return Vocabulary.build(CAPTIONS, min_count=1)


def test_the_first_four_ids_are_the_same_in_every_vocabulary(vocabulary):
    assert (PAD_ID, START_ID, END_ID, UNK_ID) == (0, 1, 2, 3)
    assert vocabulary.tokens[:4] == ("<pad>", "<start>", "<end>", "<unk>")


def test_words_come_commonest_first(vocabulary):
    assert vocabulary.tokens[4:] == ("a", "dog", "runs", "cat")


def test_equally_common_words_come_in_order_of_spelling():
    assert Vocabulary.build([["c", "a"], ["b"]], min_count=1).tokens[4:] == ("a", "b", "c")


def test_the_order_of_the_captions_does_not_matter(vocabulary):
    assert Vocabulary.build(reversed(CAPTIONS), min_count=1) == vocabulary


def test_a_word_seen_less_than_min_count_is_left_out():
    assert Vocabulary.build(CAPTIONS, min_count=2).tokens[4:] == ("a", "dog", "runs")
    assert Vocabulary.build(CAPTIONS, min_count=3).tokens[4:] == ("a",)


def test_a_min_count_that_no_word_reaches_is_refused_with_what_to_do():
    with pytest.raises(DataError, match=r"no word is seen 4 times.*lower training.min_count"):
        Vocabulary.build(CAPTIONS, min_count=4)


def test_its_length_counts_the_special_tokens(vocabulary):
    assert len(vocabulary) == 8


def test_unknown_words_are_encoded_as_unk(vocabulary):
    assert vocabulary.encode(["a", "zebra", "runs"]) == [4, UNK_ID, 6]


def test_known_words_are_decoded_to_what_was_encoded(vocabulary):
    assert vocabulary.decode(vocabulary.encode(["a", "cat", "runs"])) == ["a", "cat", "runs"]


def test_decoding_stops_at_the_first_end(vocabulary):
    assert vocabulary.decode([4, 5, END_ID, 6, END_ID]) == ["a", "dog"]


def test_decoding_leaves_out_padding_and_start(vocabulary):
    assert vocabulary.decode([START_ID, 4, PAD_ID, 5]) == ["a", "dog"]


def test_coverage_is_the_share_of_running_words_that_are_known(vocabulary):
    assert vocabulary.coverage([["a", "dog"], ["a", "zebra"]]) == 0.75


def test_coverage_of_nothing_is_zero(vocabulary):
    assert vocabulary.coverage([[], []]) == 0.0


def test_its_text_is_one_token_a_line_in_order_of_id(vocabulary):
    assert vocabulary.to_text() == "<pad>\n<start>\n<end>\n<unk>\na\ndog\nruns\ncat\n"


def test_a_text_with_windows_line_ends_is_read_all_the_same(vocabulary):
    assert Vocabulary.from_text(vocabulary.to_text().replace("\n", "\r\n")) == vocabulary


@given(st.lists(st.text().map(tokenize), min_size=1).filter(any))
def test_a_vocabulary_of_any_captions_survives_its_text(captions):
    vocabulary = Vocabulary.build(captions, min_count=1)
    assert Vocabulary.from_text(vocabulary.to_text()) == vocabulary


@given(st.lists(st.text(), unique=True))
def test_whatever_tokens_are_accepted_survive_their_text(tokens):
    try:
        vocabulary = Vocabulary((*SPECIAL_TOKENS, *tokens))
    except BundleError:
        return
    assert Vocabulary.from_text(vocabulary.to_text()) == vocabulary


@pytest.mark.parametrize("text", ["", "a\ndog\n", "<start>\n<pad>\n<end>\n<unk>\na\n", "<pad>\n"])
def test_a_vocabulary_without_the_special_tokens_first_is_refused(text):
    with pytest.raises(BundleError, match="must begin with <pad> <start> <end> <unk>"):
        Vocabulary.from_text(text)


def test_a_token_given_twice_is_refused_by_name():
    with pytest.raises(BundleError, match="holds 'dog' twice"):
        Vocabulary((*SPECIAL_TOKENS, "dog", "a", "dog"))


@pytest.mark.parametrize("token", ["", " ", "hot dog", "dog\n", "a\u2028b", "a\x85"])
def test_a_token_that_is_not_one_word_is_refused(token):
    with pytest.raises(BundleError, match="which is not one word"):
        Vocabulary((*SPECIAL_TOKENS, token))


def test_dangling_words_are_those_that_the_vocabulary_knows() -> None:
    vocabulary = Vocabulary((*SPECIAL_TOKENS, "dog", "with", "a"))
    assert vocabulary.dangling_ids == [6, 5]


TEXT = [["a", "zebra", "runs"], ["the", "zebra", "runs"], ["the", "zebra", "eats"], ["once"]]


def test_words_that_a_text_holds_often_enough_come_in_with_those_of_the_captions():
    tokens = Vocabulary.build(CAPTIONS, min_count=2, text=TEXT, text_min_count=2).tokens[4:]
    assert set(tokens) == {"a", "dog", "runs", "zebra", "the"}


def test_captions_and_text_are_not_counted_together():
    tokens = Vocabulary.build(CAPTIONS, min_count=3, text=TEXT, text_min_count=3).tokens[4:]
    assert tokens == ("a", "zebra")  # "runs" is there twice in each


def test_words_of_captions_and_text_come_by_how_common_they_are_in_both():
    tokens = Vocabulary.build(CAPTIONS, min_count=1, text=TEXT, text_min_count=1).tokens[4:]
    assert tokens == ("a", "runs", "zebra", "dog", "the", "cat", "eats", "once")


def test_a_text_does_not_make_up_for_captions_that_say_nothing_often():
    with pytest.raises(DataError, match=r"no word is seen 9 times in train"):
        Vocabulary.build(CAPTIONS, min_count=9, text=TEXT)
