"""Which concepts sentences mention."""

from showtell.concepts import Concepts, load_imagenet_words
from showtell.concepts.mentions import Mentions

CONCEPTS = Concepts((("dog", "zebra", "bench"), ("dogs", "dog", "two", "bench")))


def mentioned(sentence: str, concepts: Concepts = CONCEPTS) -> list[int]:
    return Mentions(concepts)(sentence.split())


def test_a_word_is_mentioned_in_every_group_that_has_it_once() -> None:
    assert mentioned("a dog and a dog on a bench") == [0, 2, 4, 6]


def test_several_things_of_imagenet_mention_the_one() -> None:
    assert mentioned("zebras on benches") == [1, 2]


def test_a_word_of_captions_is_mentioned_as_it_stands() -> None:
    assert mentioned("dogs") == [0, 3]
    assert mentioned("benches") == [2]


def test_a_single_group_is_of_words_of_captions() -> None:
    assert mentioned("dogs", Concepts((("dog",),))) == []
    assert mentioned("dog", Concepts((("dog",),))) == [0]


def test_a_sentence_may_mention_nothing() -> None:
    assert mentioned("people smile") == mentioned("") == []


def test_the_plurals_of_animals_and_of_food_mention_them() -> None:
    words, _ = load_imagenet_words()
    concepts = Concepts((tuple(words), ("x",)))
    for plural, one in (("zebras", "zebra"), ("sheep", "sheep"), ("buses", "bus")):
        assert [concepts.words[i] for i in mentioned(plural, concepts)] == [one]
