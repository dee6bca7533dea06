"""What counts as a claim: see `showtell.claims`."""

import pytest

from showtell.claims import find_claims, main_thing, named_things
from showtell.claims.inflect import article, is_plural, plural, plural_verb, singular
from showtell.claims.nouns import KIND_OF, NOUNS, SAME
from showtell.text import tokenize


def values(caption: str, kind: str) -> list[str]:
    return [claim.value for claim in find_claims(tokenize(caption)) if claim.kind == kind]


def test_a_claim_knows_its_place() -> None:
    claims = find_claims(tokenize("Two women in red."))
    assert [claim.position for claim in claims] == [0, 1, 3]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A man walks his dog.", ["male", "male"]),
        ("A woman and her husband.", ["female", "female", "male"]),
        ("Firemen help a female skier.", ["male", "female"]),
        ("A person with a human face builds a snowman.", []),
        ("A skier and a child.", []),
        ("A dog in a cowboy hat.", []),
        ("A cowboy rides.", ["male"]),
        ("A man made lake.", []),
    ],
)
def test_genders_are_found_where_somebody_is_named(caption: str, expected: list[str]) -> None:
    assert values(caption, "gender") == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Two dogs and 3 big cats.", ["2", "3"]),
        ("Two women.", ["2"]),
        ("Two black and white dogs.", ["2"]),
        ("Two are playing.", ["2"]),
        ("A two year old in a two story house.", []),
        ("Two or three dogs.", []),
        ("A man with number 12 on his shirt.", []),
        ("One dog.", []),
        ("A couple of dogs.", []),
        ("42 dogs.", []),
    ],
)
def test_numbers_count_what_one_sees(caption: str, expected: list[str]) -> None:
    assert values(caption, "count") == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A black and grey dog in Red.", ["black", "gray", "red"]),
        ("An orange shirt.", ["orange"]),
        ("A shirt of orange and blue.", ["orange", "blue"]),
        ("She peels an orange.", []),
        ("A glass of orange juice beside oranges.", []),
        ("White water and a golden retriever.", []),
        ("A multicolored kite.", []),
    ],
)
def test_colours_are_of_something(caption: str, expected: list[str]) -> None:
    assert values(caption, "colour") == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A group of people.", "person"),
        ("A pair of shoes.", "shoe"),
        ("The side of a road.", "road"),
        ("Three skiers on a hill.", "person"),
        ("A tennis player.", "person"),
        ("A puppy plays.", "dog"),
        ("A hot dog on a plate.", "hotdog"),
        ("Two bikes.", "bicycle"),
        ("An orange cat.", "cat"),
        ("A light brown dog.", "dog"),
        ("A yellow fire hydrant on a road.", "hydrant"),
        ("A boy watches birds.", "person"),
        ("A baby elephant.", "elephant"),
        ("Running very fast.", None),
        ("", None),
    ],
)
def test_the_main_thing_is_the_first_that_is_named(caption: str, expected: str | None) -> None:
    assert main_thing(tokenize(caption)) == expected


def test_measures_name_nobody() -> None:
    assert "person" not in named_things(tokenize("A couple of hot dogs and a group of giraffes"))
    assert "person" in named_things(tokenize("A couple sits on a bench."))


def test_a_passenger_bus_holds_no_person() -> None:
    assert named_things(tokenize("a passenger bus")) == {"bus", "vehicle"}


def test_kinds_and_names_lead_to_nouns_and_never_in_a_circle() -> None:
    for word in NOUNS:
        seen = [SAME.get(word, word)]
        while kind := KIND_OF.get(seen[-1]):
            assert kind not in seen
            assert kind in NOUNS
            seen.append(kind)


@pytest.mark.parametrize("noun", ["dog", "man", "bench", "baby", "child", "shoe", "box", "fireman"])
def test_the_singular_of_a_plural_is_the_noun(noun: str) -> None:
    assert singular(plural(noun)) == noun
    assert is_plural(plural(noun))
    assert not is_plural(noun)


def test_verbs_agree_with_many() -> None:
    found = [plural_verb(verb) for verb in ("is", "does", "rushes", "tries", "stands", "held")]
    assert found == ["are", "do", "rush", "try", "stand", "held"]


def test_an_article_is_chosen_by_sound() -> None:
    assert [article(word) for word in ("umbrella", "unicycle", "honest", "t-shirt")] == [
        "an",
        "a",
        "an",
        "a",
    ]
