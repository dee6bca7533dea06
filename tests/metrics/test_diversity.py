import pytest

from showtell.errors import DataError
from showtell.metrics import diversity


def test_captions_are_counted_as_words_whatever_their_writing():
    found = diversity(["A dog runs.", "a dog runs", "The dog."])
    assert (found.captions, found.distinct, found.vocabulary) == (3, 2, 4)
    assert found.mean_length == pytest.approx(8 / 3)


def test_copies_of_training_captions_are_counted():
    found = diversity(["A dog runs.", "A cat!", "A bird"], training=["a dog runs .", "A cat"])
    assert found.copied == pytest.approx(2 / 3)


def test_nothing_is_said_of_copies_where_training_is_not_known():
    assert diversity(["A dog."]).copied is None
    assert diversity(["A dog."], training=[]).copied == 0


def test_no_captions_are_refused():
    with pytest.raises(DataError, match="no captions"):
        diversity([])
