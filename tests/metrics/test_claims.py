"""How much of what captions claim nobody else says: see `showtell.metrics.claims`."""

import pytest

from showtell.errors import DataError
from showtell.metrics import claim_rates


def rate(name: str, caption: str, *references: str) -> float | None:
    found = claim_rates({"a": caption}, {"a": references}, people=False)
    return found.system[name].rate


def test_a_gender_is_contradicted_where_all_who_name_one_name_the_other() -> None:
    assert rate("gender_contradicted", "A man.", "A woman.", "A person.") == 1
    assert rate("gender_contradicted", "A man.", "A woman.", "A boy.") == 0
    assert rate("gender_contradicted", "A man.", "A person.") == 0
    assert rate("gender_contradicted", "A man and a woman.", "A woman.") == 1
    assert rate("gender_contradicted", "A person.", "A woman.") is None


def test_a_gender_is_unsupported_where_nobody_names_it() -> None:
    assert rate("gender_unsupported", "A man.", "A person.") == 1
    assert rate("gender_unsupported", "A girl.", "A lady.") == 0


def test_a_number_is_supported_by_words_digits_and_couples() -> None:
    assert rate("count", "Two dogs.", "2 dogs.") == 0
    assert rate("count", "Two dogs.", "A couple of dogs.") == 0
    assert rate("count", "Two dogs.", "Three dogs.", "Dogs.") == 1
    assert rate("count", "Dogs.", "Three dogs.") is None


def test_every_colour_must_be_named_by_somebody() -> None:
    assert rate("colour", "A black and white dog.", "A black-and-white dog.") == 0
    assert rate("colour", "A grey dog.", "A gray cat.") == 0
    assert rate("colour", "A black and white dog.", "A white dog.") == 1


def test_people_are_interchangeable_and_things_are_not() -> None:
    assert rate("main_thing", "A man.", "A skier.") == 0
    assert rate("main_thing", "A puppy.", "A poodle.") == 0
    assert rate("main_thing", "A poodle.", "A dog.") == 1


def test_only_captions_that_make_a_claim_are_counted() -> None:
    captions = {"a": "A man.", "b": "A woman.", "c": "A dog."}
    found = claim_rates(captions, {image: ["A man."] for image in captions}, people=False)
    assert found.system["gender_unsupported"] == (2, 0.5)
    assert found.system["main_thing"] == (3, pytest.approx(1 / 3))


def test_people_are_measured_each_against_the_others_of_their_image() -> None:
    references = {"a": ["Two dogs.", "Three dogs.", "2 dogs."], "b": ["Four cats."]}
    found = claim_rates({"a": "A dog.", "b": "A cat."}, references)
    assert found.human["count"] == (3, pytest.approx(1 / 3))


def test_people_are_not_measured_where_each_is_alone() -> None:
    assert claim_rates({"a": "A dog."}, {"a": ["A dog."]}).human == {}


def test_a_caption_without_references_is_refused() -> None:
    with pytest.raises(DataError, match="1 image without a reference: a"):
        claim_rates({"a": "A dog."}, {"b": ["A dog."]})
