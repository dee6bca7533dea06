"""Captions with claims taken back: see `showtell.claims.generalise`."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.claims import Kind, find_claims, generalise, sentence, without_new_repeats
from showtell.claims.inflect import article
from showtell.claims.lists import word_set
from showtell.claims.words import (
    COLOURS,
    FEMALE,
    FEMALE_PRONOUNS,
    MALE,
    MALE_PRONOUNS,
    NUMBERS,
)
from showtell.text import tokenize

GENDER = {
    "a man": "a person",
    "a young man": "a young person",
    "two men": "two people",
    "men": "people",
    "two woman": "two people",
    "boys and girls": "children",
    "ladies and gentlemen": "people",
    "a little girl": "a little child",
    "a baby boy": "a baby",
    "two toddler girls": "two toddlers",
    "an adult female": "an adult",
    "teenage girls play": "teenagers play",
    "a male in a hat": "a person in a hat",
    "a male surfer": "a surfer",
    "a woman tennis player": "a tennis player",
    "a boy scout": "a scout",
    "a women 's soccer team": "a soccer team",
    "a mens team": "a team",
    "a woman 's hat": "a person 's hat",
    "a policeman": "a police officer",
    "an actress": "an actor",
    "a man in a cowboy hat": "a person in a cowboy hat",
    # what becomes alike
    "a man and woman": "two people",
    "the man and the woman": "the two people",
    "a young man and woman": "two young people",
    "two men and a woman": "three people",
    "a boy and a girl play": "two children play",
    "a man and a boy": "a person and a child",
    "a man and several women": "a person and several people",
    "both a man and a woman": "two people",
    "a man woman and child": "two people and a child",
    "a bride and groom": "two newlyweds",
    "a mother and daughter": "a parent and child",
    "an old man and a woman": "an old person and another person",
    "a man kisses a woman": "a person kisses another person",
    "a man dressed as a woman": "a person dressed as a person",
    "a woman 's hand and a man 's hand": "a person 's hand and another person 's hand",
    # pronouns
    "a man and his dog": "a person and their dog",
    "a girl lies on her back": "a child lies on their back",
    "a man splashes her with water": "a person splashes them with water",
    "a boy by himself": "a child by themselves",
    "a skier and his or her skis": "a skier and their skis",
    "a woman smiles as she jumps and catches a ball": (
        "a person smiles as they jump and catch a ball"
    ),
    "he is running": "they are running",
    "it looks like he 's sad": "it looks like they 're sad",
    "a dog with a ball in his mouth": "a dog with a ball in its mouth",
    "a dog as he swims": "a dog as it swims",
}
COUNT = {
    "two dogs": "dogs",
    "a group of three men": "a group of men",
    "two black and white dogs": "black and white dogs",
    "two are playing": "some are playing",
    "the two are playing": "they are playing",
    "a dog chases the two": "a dog chases them",
    "the two of them": "them",
    "a group of two": "a group",
    "one of two dogs": "one of the dogs",
    "at least two dogs": "dogs",
    "another two dogs": "more dogs",
    "all three sit": "all sit",
}
COLOUR = {
    "a red shirt": "a shirt",
    "a black and white dog": "a dog",
    "a light blue shirt": "a shirt",
    "an orange shirt": "a shirt",
    "a blue umbrella": "an umbrella",
    "an orange on a plate": "an orange on a plate",
    "a black and spotted dog": "a spotted dog",
    "a small and black dog": "a small dog",
    "an all white dog": "a dog",
    # without a noun
    "a man in red": "a man",
    "the man in the red": "the man",
    "a man in red jumps": "a man jumps",
    "a girl in pink tosses a ball": "a girl tosses a ball",
    "a boy in blue swimming trunks": "a boy in swimming trunks",
    "a man in blue clothing": "a man in clothing",
    "a man is dressed all in white": "a man",
    "a man dressed in black and holding a gun": "a man holding a gun",
    "a man is dressed in red holding a gun": "a man is holding a gun",
    "a man wearing black and a hat": "a man wearing a hat",
    "a man wearing black and a woman in white": "a man and a woman",
    "a wall painted red": "a wall",
    "the dog is black and white": "the dog",
    "a dog that is black": "a dog",
    "a dog is black and jumps": "a dog jumps",
    "a sea of green": "a sea",
    "holding a red": "holding one",
    "sitting on green": "sitting on something",
    "black and white": "something",
    # what becomes alike
    "a black dog and a white dog": "two dogs",
    "a black and a white dog run": "two dogs run",
    "one black and one white dog": "two dogs",
    "two black dogs and three brown dogs": "five dogs",
    "two dogs one brown and one black": "two dogs",
    "a black dog chases a brown dog": "a dog chases another dog",
    "a small black dog and a large white dog": "a small dog and a large dog",
    "a red shirt and a black hat": "a shirt and a hat",
}
CASES = [
    (kind, caption, expected)
    for kind, table in (("gender", GENDER), ("count", COUNT), ("colour", COLOUR))
    for caption, expected in table.items()
]


@pytest.mark.parametrize(("kind", "caption", "expected"), CASES, ids=[case[1] for case in CASES])
def test_a_kind_of_claim_is_taken_back(kind: Kind, caption: str, expected: str) -> None:
    assert " ".join(generalise(caption.split(), [kind])) == expected


def test_all_kinds_are_taken_back_at_once() -> None:
    caption = "a man in a red shirt and two women in blue walk three black dogs"
    expected = "a person in a shirt and people walk dogs"
    assert " ".join(generalise(caption.split(), ["gender", "count", "colour"])) == expected


def test_nothing_is_counted_where_counts_are_taken_back() -> None:
    assert generalise(tokenize("A man and a woman sit."), ["gender", "count"]) == ["people", "sit"]


def test_a_neutral_sentence_names_no_gender() -> None:
    tokens = tokenize("A man and his dog.")
    assert sentence(tokens, neutral=True) == "A person and their dog."
    assert sentence(tokens, neutral=False) == "A man and his dog."


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (0, "men in black white and red walk their dog and his cat"),
        (1, "two people in black white and red walk their dog and his cat"),
        (3, "two men in white and red walk their dog and his cat"),
        (4, "two men in black and red walk their dog and his cat"),
        (6, "two men in black white walk their dog and his cat"),
        (11, "two men in black white and red walk their dog and their cat"),
    ],
)
def test_one_claim_is_taken_back_alone(position: int, expected: str) -> None:
    tokens = tokenize("Two men in black, white and red walk their dog and his cat.")
    (claim,) = (claim for claim in find_claims(tokens) if claim.position == position)
    assert " ".join(generalise(tokens, [claim])) == expected


OTHER_WORDS = word_set(
    "a an the and or of in on is are with wearing dressed as that dog dogs shirt shirts person "
    "people one another light all jumps running 's baby teenage tennis player back 2 couple"
)
PRONOUNS = MALE_PRONOUNS | FEMALE_PRONOUNS
WORDS = sorted(
    OTHER_WORDS | PRONOUNS | MALE.keys() | FEMALE.keys() | COLOURS.keys() | NUMBERS.keys()
)
KINDS = st.sets(st.sampled_from(["gender", "count", "colour"]))


@given(st.lists(st.sampled_from(WORDS), max_size=12), KINDS)
def test_whatever_the_words_nothing_is_left_to_take_back(
    words: list[str], kinds: set[Kind]
) -> None:
    less = generalise(words, kinds)
    assert bool(less) == bool(words)
    assert [claim for claim in find_claims(less) if claim.kind in kinds] == []
    assert generalise(less, kinds) == less


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_with_nothing_to_take_back_nothing_changes(words: list[str]) -> None:
    assert generalise(words, []) == words
    claimed = {claim.kind for claim in find_claims(words)}
    assert generalise(words, {"gender", "count", "colour"} - claimed) == words


COLOUR_RUNS = st.sampled_from(["", "red", "black and white", "light blue", "orange"])
NOUN_PHRASES = st.builds(
    lambda number, size, colour, noun: " ".join(f"{number} {size} {colour} {noun}".split()),
    st.sampled_from(["a", "the"]),
    st.sampled_from(["", "small", "old"]),
    COLOUR_RUNS,
    st.sampled_from(["man", "woman", "boy", "girl", "dog", "umbrella", "guy", "lady"]),
)
CAPTIONS = st.builds(
    lambda first, link, second, end: f"{first} {link} {second} {end}".split(),
    NOUN_PHRASES,
    st.sampled_from(["and", "chases", "in red and", "wearing blue next to", "and his", "with"]),
    NOUN_PHRASES,
    st.sampled_from(["in a red hat", "in green", "is running", "on its back", "wearing black"]),
)


@given(CAPTIONS, KINDS)
def test_plain_captions_stay_sentences(caption: list[str], kinds: set[Kind]) -> None:
    less = generalise(caption, kinds)
    pairs = list(pairwise(less))
    assert less[-1] not in {"a", "an", "the", "and", "in", "of", "with", "wearing", "is"}
    changed = [pair for pair in pairs if pair[0] in ("a", "an") and pair not in pairwise(caption)]
    assert all(article(word) == one for one, word in changed)
    assert all(one != two for one, two in pairs)
    if kinds & {claim.kind for claim in find_claims(caption)}:
        assert "a person and a person" not in " ".join(less)


def split(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def test_a_caption_that_begins_to_repeat_itself_comes_last() -> None:
    found = split("a man in a red shirt and a woman in a blue shirt", "a man runs", "a boy runs")
    said = [generalise(words, ["colour", "gender"]) for words in found]
    assert " ".join(said[0]) == "a person in a shirt and another person in a shirt"
    assert without_new_repeats(found, said) == [1, 2, 0]  # "person in a" is said twice
    said[0] = ["a", "person", "in", "shorts", "and", "another", "person"]
    assert without_new_repeats(found, said) == [0, 1, 2]


def test_a_caption_that_always_repeated_itself_keeps_its_place() -> None:
    found = split("a dog on a dog on a mat", "a dog")
    assert without_new_repeats(found, found) == [0, 1]


def test_where_all_repeat_themselves_the_best_is_still_the_first() -> None:
    found = split("a man and a boy sit", "a boy and a man sit")
    repeated = split("a child sits a child sits", "a child and a child and a child")
    assert without_new_repeats(found, repeated) == [0, 1]
