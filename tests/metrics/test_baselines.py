import pytest

from showtell.errors import DataError
from showtell.metrics import CONSTANT_CAPTION, constant_floor, leave_one_out, score

REFERENCES = {
    "dog.jpg": ["A dog runs through grass .", "The dog is running fast .", "A brown dog runs ."],
    "cat.jpg": ["A black cat sleeps .", "A cat on a chair .", "The cat is asleep here ."],
}
CAPTIONS = {"cat.jpg": "a cat sleeps on a chair", "dog.jpg": "a brown dog is running"}


def without(left_out, references):
    return {
        image: [*texts[:left_out], *texts[left_out + 1 :]] for image, texts in references.items()
    }


def mean(rounds):
    return {name: sum(scores[name] for scores in rounds) / len(rounds) for name in rounds[0]}


def test_the_floor_is_the_score_of_one_sentence_for_every_photo():
    expected = score(dict.fromkeys(REFERENCES, CONSTANT_CAPTION), REFERENCES)
    assert constant_floor(REFERENCES) == expected.scores


def test_people_are_scored_each_reference_against_the_others():
    rounds = [
        score({image: texts[k] for image, texts in REFERENCES.items()}, without(k, REFERENCES))
        for k in range(3)
    ]
    expected = mean([report.scores for report in rounds])
    assert leave_one_out(CAPTIONS, REFERENCES).human == pytest.approx(expected)


def test_the_system_is_scored_against_the_same_references_as_people():
    rounds = [score(CAPTIONS, without(k, REFERENCES)).scores for k in range(3)]
    assert leave_one_out(CAPTIONS, REFERENCES).system == pytest.approx(mean(rounds))


def test_as_many_references_are_left_out_in_turn_as_every_image_has():
    more = {**REFERENCES, "dog.jpg": [*REFERENCES["dog.jpg"], "A dog .", "Some dog ."]}
    rounds = [score(CAPTIONS, without(k, more), ("rouge_l",)).scores for k in range(3)]
    assert leave_one_out(CAPTIONS, more, ("rouge_l",)).system == pytest.approx(mean(rounds))


def test_document_frequencies_of_a_corpus_serve_the_baselines_too():
    corpus = {"a": ["a dog", "a cat"], "b": ["a bird"], "c": ["a chair"]}
    own, given = (constant_floor(REFERENCES, ("cider",), corpus=c) for c in (None, corpus))
    assert own != given
    assert (
        given
        == score(
            dict.fromkeys(REFERENCES, CONSTANT_CAPTION), REFERENCES, ("cider",), corpus=corpus
        ).scores
    )


def test_a_single_reference_leaves_nothing_to_be_scored_against():
    assert leave_one_out(CAPTIONS, {**REFERENCES, "cat.jpg": ["A cat ."]}) is None


def test_the_rounds_are_reported():
    seen = []
    leave_one_out(CAPTIONS, REFERENCES, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ({}, "there are no references"),
        ({"dog.jpg": []}, r"1 image with no reference at all: dog\.jpg"),
        ({"dog.jpg": "A dog ."}, r"the references of 'dog\.jpg' must be a list"),
    ],
)
def test_references_that_are_none_are_refused(references, message):
    with pytest.raises(DataError, match=message):
        constant_floor(references)
    with pytest.raises(DataError, match=message):
        leave_one_out(CAPTIONS, references)


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ({"dog.jpg": "a dog"}, r"1 image without a caption: cat\.jpg"),
        ({}, "there are no captions"),
        ({**CAPTIONS, "dog.jpg": None}, r"the caption of 'dog\.jpg' is not text"),
    ],
)
def test_a_system_without_its_captions_is_refused(captions, message):
    with pytest.raises(DataError, match=message):
        leave_one_out(captions, REFERENCES)
