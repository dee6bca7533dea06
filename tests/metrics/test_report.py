import json

import pytest

from showtell import __version__
from showtell.errors import DataError
from showtell.metrics import score
from showtell.metrics.report import NAMES

CAPTIONS = {"cat.jpg": "A black cat sleeps.", "dog.jpg": "A dog runs through grass."}
REFERENCES = {
    "dog.jpg": ["A dog runs through grass .", "The dog is running ."],
    "cat.jpg": ["A black cat sleeps .", "A cat on a chair ."],
}


def test_captions_equal_to_a_reference_score_a_hundred():
    scores = score(CAPTIONS, REFERENCES).scores
    assert [scores[name] for name in NAMES[:5]] == pytest.approx([100] * 5, abs=1e-5)


def test_cider_of_captions_equal_to_their_only_references_is_a_thousand():
    captions = {"dog.jpg": "a dog runs far", "cat.jpg": "some cats sleep inside"}
    references = {image: [caption] for image, caption in captions.items()}
    assert score(captions, references).scores["CIDEr"] == pytest.approx(1000)


def test_all_six_scores_are_given_in_one_order():
    report = score(CAPTIONS, REFERENCES)
    assert tuple(report.scores) == NAMES
    assert NAMES == ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr")


def test_capitals_and_punctuation_change_nothing_on_either_side():
    shouted = {image: f"{caption.upper()} !?" for image, caption in CAPTIONS.items()}
    plain = {image: [ref.lower().strip(" .") for ref in refs] for image, refs in REFERENCES.items()}
    assert score(shouted, plain) == score(CAPTIONS, REFERENCES)


def test_the_order_of_the_images_changes_nothing():
    report = score(dict(reversed(CAPTIONS.items())), REFERENCES)
    assert report == score(CAPTIONS, REFERENCES)
    assert list(report.per_image) == ["cat.jpg", "dog.jpg"]


def test_every_image_has_its_own_scores_under_its_own_name():
    captions = {"dog.jpg": CAPTIONS["dog.jpg"], "cat.jpg": "zebra"}
    per_image = score(captions, REFERENCES).per_image
    assert set(per_image) == set(CAPTIONS)
    assert per_image["dog.jpg"]["BLEU-1"] == pytest.approx(100, abs=1e-5)
    assert per_image["cat.jpg"]["BLEU-1"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("name", ["ROUGE-L", "CIDEr"])
def test_the_mean_over_images_is_the_score(name):
    report = score({**CAPTIONS, "cat.jpg": "a black dog"}, REFERENCES)
    values = [scores[name] for scores in report.per_image.values()]
    assert report.scores[name] == pytest.approx(sum(values) / len(values))


def test_a_caption_of_no_words_is_scored():
    scores = score({**CAPTIONS, "cat.jpg": "..."}, REFERENCES).per_image["cat.jpg"]
    assert list(scores.values()) == pytest.approx([0] * 6)


# What is said of a score


def test_a_signature_says_all_that_a_score_depends_on():
    report = score(CAPTIONS, REFERENCES, conditions={"split": "test", "beam": "3"})
    assert report.signature("BLEU-4") == (
        f"bleu-4|tok:coco-style|refs:2|images:2|split:test|beam:3|version:showtell-{__version__}"
    )


def test_a_signature_gives_the_range_where_images_differ_in_references():
    references = {**REFERENCES, "cat.jpg": ["a cat"] * 5}
    assert "|refs:2-5|" in score(CAPTIONS, references).signature("CIDEr")


def test_a_report_is_ready_for_json_with_a_signature_for_every_score():
    report = score(CAPTIONS, REFERENCES)
    stored = json.loads(json.dumps(report.to_dict()))
    assert stored["scores"] == pytest.approx(report.scores, abs=1e-4)
    assert stored["signatures"] == {name: report.signature(name) for name in NAMES}


# What is refused


def test_nothing_to_score_is_refused():
    with pytest.raises(DataError, match="there are no captions to score"):
        score({}, {})


def test_a_caption_without_references_is_refused_by_name():
    with pytest.raises(DataError, match=r"1 captions without references: bird\.jpg$"):
        score({**CAPTIONS, "bird.jpg": "a bird"}, REFERENCES)


def test_references_without_a_caption_are_refused_by_name():
    with pytest.raises(DataError, match=r"1 references without a caption: cat\.jpg$"):
        score({"dog.jpg": "a dog"}, REFERENCES)


def test_an_image_with_an_empty_list_of_references_is_refused_by_name():
    with pytest.raises(DataError, match=r"1 images with no reference at all: cat\.jpg$"):
        score(CAPTIONS, {**REFERENCES, "cat.jpg": []})


def test_a_refusal_names_the_first_three_and_counts_the_rest():
    many = {f"{number}.jpg": "a bird" for number in range(5)}
    with pytest.raises(DataError, match=r"5 captions without .*: 0\.jpg, 1\.jpg, 2\.jpg, …$"):
        score({**CAPTIONS, **many}, REFERENCES)


def test_a_bare_string_of_references_is_refused():
    with pytest.raises(DataError, match="must be a list of sentences"):
        score({"a.jpg": "a dog"}, {"a.jpg": "a dog runs"})
