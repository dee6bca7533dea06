"""Words of captions that a model can learn to see."""

import pytest

from showtell.concepts import find_caption_words, word_shares
from showtell.errors import DataError
from showtell.text import tokenize

CAPTIONS = ["A dog's ball .", "The red ball is not a dog .", "A cat and a dog", "A bird"]
TOKENS = [tokenize(caption) for caption in CAPTIONS]


def test_the_commonest_come_first_and_ties_by_spelling() -> None:
    assert find_caption_words(TOKENS, min_count=1) == ("dog", "ball", "bird", "cat", "red")


def test_what_is_said_too_rarely_is_left_out() -> None:
    assert find_caption_words(TOKENS, min_count=2) == ("dog", "ball")


def test_captions_without_content_teach_nothing() -> None:
    with pytest.raises(DataError, match=r"lower recognition\.min_count"):
        find_caption_words([tokenize("It is what it is")], min_count=1)


def test_a_word_belongs_to_a_photo_as_far_as_people_say_it() -> None:
    shares = word_shares([TOKENS[:2], TOKENS[3:]], ["dog", "red", "bird"])
    assert shares.tolist() == [[1.0, 0.5, 0.0], [0.0, 0.0, 1.0]]


def test_a_word_said_twice_in_a_caption_counts_once() -> None:
    assert word_shares([[["dog", "dog"], ["cat"]]], ["dog"]).tolist() == [[0.5]]
