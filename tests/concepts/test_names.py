"""Concepts as words in groups."""

import pytest

from showtell.concepts import Concepts
from showtell.errors import BundleError
from showtell.vocabulary import UNK_ID, Vocabulary

CONCEPTS = Concepts((("zebra", "dog"), ("dog", "grass", "t-shirt")))


def test_the_words_come_group_after_group() -> None:
    assert CONCEPTS.words == ("zebra", "dog", "dog", "grass", "t-shirt")
    assert len(CONCEPTS) == 5


def test_their_text_gives_them_back() -> None:
    assert CONCEPTS.to_text() == "zebra\ndog\n\ndog\ngrass\nt-shirt\n"
    assert Concepts.from_text(CONCEPTS.to_text()) == CONCEPTS


def test_a_word_that_the_vocabulary_lacks_is_unknown() -> None:
    vocabulary = Vocabulary.build([["dog", "grass", "t-shirt"]], min_count=1)
    (zebra, dog), (same_dog, grass, _) = CONCEPTS.token_ids(vocabulary)
    assert (zebra, dog) == (UNK_ID, same_dog)
    assert vocabulary.decode([dog, grass]) == ["dog", "grass"]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ((("dog",), ()), "empty"),
        ((("dog", "dog"),), "twice: dog"),
        ((("dog", "polar bear"),), "'polar bear', which is not one word"),
        ((("dog", ""),), "which is not one word"),
    ],
)
def test_what_could_not_be_read_again_is_refused(
    groups: tuple[tuple[str, ...], ...], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        Concepts(groups)


@pytest.mark.parametrize("text", ["", "zebra\n\n\ndog\n"])
def test_a_text_that_lacks_words_is_refused(text: str) -> None:
    with pytest.raises(BundleError):
        Concepts.from_text(text)
