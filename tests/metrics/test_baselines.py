import pytest

from showtell.metrics import CONSTANT_CAPTION, constant_floor, human_ceiling, score

REFERENCES = {
    "dog.jpg": ["A dog runs through grass .", "The dog is running fast .", "A brown dog runs ."],
    "cat.jpg": ["A black cat sleeps .", "A cat on a chair .", "The cat is asleep here ."],
}


def test_the_floor_is_the_score_of_one_sentence_for_every_photo():
    expected = score(dict.fromkeys(REFERENCES, CONSTANT_CAPTION), REFERENCES)
    assert constant_floor(REFERENCES) == expected.scores


def test_the_ceiling_is_the_mean_of_each_reference_against_the_others():
    rounds = [
        score(
            {image: texts[k] for image, texts in REFERENCES.items()},
            {image: texts[:k] + texts[k + 1 :] for image, texts in REFERENCES.items()},
        ).scores
        for k in range(3)
    ]
    expected = {name: sum(r[name] for r in rounds) / 3 for name in rounds[0]}
    assert human_ceiling(REFERENCES) == pytest.approx(expected)


def test_as_many_references_are_left_out_in_turn_as_every_image_has():
    more = {**REFERENCES, "dog.jpg": [*REFERENCES["dog.jpg"], "A dog .", "Some dog ."]}
    assert human_ceiling(more, ("rouge_l",)).keys() == {"ROUGE-L"}


def test_a_single_reference_has_no_ceiling():
    assert human_ceiling({**REFERENCES, "cat.jpg": ["A cat ."]}) is None


def test_people_agree_more_than_one_sentence_agrees_with_them():
    floor, ceiling = constant_floor(REFERENCES), human_ceiling(REFERENCES)
    assert ceiling["CIDEr"] > floor["CIDEr"]
