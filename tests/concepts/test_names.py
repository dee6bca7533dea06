"""What concepts are called."""

import pytest

from showtell.concepts import Concepts
from showtell.errors import BundleError
from showtell.vocabulary import SPECIAL_TOKENS, UNK_ID, Vocabulary

CONCEPTS = Concepts((("animal", "dog"), ("dog", "red", "run")))


def test_what_is_written_is_read_back() -> None:
    assert CONCEPTS.to_text() == "animal\ndog\n\ndog\nred\nrun\n"
    assert Concepts.from_text(CONCEPTS.to_text()) == CONCEPTS


def test_words_are_in_the_order_of_the_probabilities() -> None:
    assert CONCEPTS.words == ("animal", "dog", "dog", "red", "run")
    assert len(CONCEPTS) == 5


def test_a_word_that_the_vocabulary_lacks_is_unknown() -> None:
    vocabulary = Vocabulary((*SPECIAL_TOKENS, "run", "dog"))
    assert CONCEPTS.token_ids(vocabulary) == ((UNK_ID, 5), (5, UNK_ID, 4))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no word"),
        ("dog\n\n\ncat\n", "is not one word"),
        ("dog\ncat\ndog\n", "'dog' twice"),
        ("hot dog\n", "'hot dog', which is not one word"),
    ],
)
def test_what_is_no_list_of_words_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BundleError, match=reason):
        Concepts.from_text(text)
