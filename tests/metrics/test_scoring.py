import json
import re

import pytest

from showtell import __version__, extras
from showtell.errors import ConfigError, DataError, MissingExtraError
from showtell.metrics import find_metrics, score
from showtell.metrics.meteor import load_meteor

NAMES = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr")

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


def test_capitals_and_punctuation_change_nothing_on_either_side():
    shouted = {image: f"{caption.upper()} !" for image, caption in CAPTIONS.items()}
    plain = {image: [ref.lower().strip(" .") for ref in refs] for image, refs in REFERENCES.items()}
    assert score(shouted, plain).scores == score(CAPTIONS, REFERENCES).scores


def test_the_order_of_the_images_changes_nothing():
    report = score(dict(reversed(CAPTIONS.items())), REFERENCES)
    assert report.per_image == score(CAPTIONS, REFERENCES).per_image
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


def test_ids_may_be_cocos_numbers():
    report = score({7: "a dog", 9: "a cat"}, {7: ["a dog"], 9: ["the cat"]})
    assert list(report.per_image) == [7, 9]
    with pytest.raises(DataError, match="1 image that no reference describes: 8"):
        score({8: "a dog"}, {9: ["a dog"]})


# What is said of a score


def test_a_signature_says_all_that_a_score_depends_on():
    report = score(CAPTIONS, REFERENCES, split="test", decoding={"beam": "3"})
    assert re.sub("data:[0-9a-f]{8}", "data:…", report.signature("BLEU-4")) == (
        f"bleu-4|tok:ptb|refs:2|images:2|data:…|split:test|beam:3|version:showtell-{__version__}"
    )


def test_the_signature_of_cider_says_where_document_frequencies_come_from():
    own = score(CAPTIONS, REFERENCES).signature("CIDEr")
    given = score(CAPTIONS, REFERENCES, corpus={"a": ["a dog"], "b": ["x"]}).signature("CIDEr")
    assert "|df:references|" in own
    assert "|df:corpus-2-" in given


def test_the_signature_tells_other_references_apart():
    reworded = {**REFERENCES, "cat.jpg": ["A black cat sleeps .", "A cat on a sofa ."]}
    ours, theirs = (score(CAPTIONS, refs).signature("CIDEr") for refs in (REFERENCES, reworded))
    assert ours != theirs


def test_a_signature_gives_the_range_where_images_differ_in_references():
    references = {**REFERENCES, "cat.jpg": ["a cat"] * 5}
    assert "|refs:2-5|" in score(CAPTIONS, references).signature("CIDEr")


def test_a_report_is_ready_for_json_with_a_signature_for_every_score():
    report = score(CAPTIONS, REFERENCES)
    stored = json.loads(json.dumps(report.to_dict()))
    assert stored["scores"] == pytest.approx(report.scores, abs=1e-4)
    assert stored["signatures"] == {name: report.signature(name) for name in NAMES}


def test_the_signature_does_not_depend_on_the_order_of_references():
    turned = {image: refs[::-1] for image, refs in reversed(REFERENCES.items())}
    ours, theirs = (score(CAPTIONS, refs).signature("CIDEr") for refs in (REFERENCES, turned))
    assert ours == theirs


# What is chosen


def test_only_the_metrics_asked_for_are_computed():
    report = score(CAPTIONS, REFERENCES, ("cider-d", "rouge_l"))
    assert list(report.scores) == ["CIDEr-D", "ROUGE-L"]


@pytest.mark.parametrize("metrics", ["BLEU", ("bleu", "Bleu")])
def test_a_metric_may_be_one_name_in_any_case_and_counts_once(metrics):
    assert list(score(CAPTIONS, REFERENCES, metrics).scores) == list(NAMES[:4])


def test_no_metric_at_all_is_refused():
    with pytest.raises(ConfigError, match="no metric is named"):
        score(CAPTIONS, REFERENCES, ())


def test_an_unknown_metric_is_refused_and_the_nearest_offered():
    with pytest.raises(ConfigError, match=r"no metric 'cidr'\. Did you mean 'cider'"):
        score(CAPTIONS, REFERENCES, ("cidr",))


def test_images_without_a_caption_may_be_left_out_and_the_signature_says_so():
    captions = {"dog.jpg": CAPTIONS["dog.jpg"]}
    report = score(captions, REFERENCES, allow_missing=True)
    alone = score(captions, {"dog.jpg": REFERENCES["dog.jpg"]})
    assert report.scores == alone.scores
    assert "|images:1|missing:1|" in report.signature("CIDEr")
    assert "missing" not in alone.signature("CIDEr")


def test_meteor_is_a_metric_beside_the_others():
    pytest.importorskip("pycocoevalcap")
    report = score(CAPTIONS, REFERENCES, ("meteor", "bleu"))
    assert next(iter(report.scores)) == "METEOR"
    assert report.scores["METEOR"] > 50
    assert report.per_image["dog.jpg"]["METEOR"] == pytest.approx(100)
    assert "|meteor:1.5|" in report.signature("METEOR")


def test_meteor_without_its_extra_is_refused_with_the_command_that_installs_it(monkeypatch):
    load_meteor.cache_clear()
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'showtell\[meteor\]'"):
        find_metrics(["bleu", "meteor"])


# What is refused


def test_nothing_to_score_is_refused():
    with pytest.raises(DataError, match="there are no captions to score"):
        score({}, {})


def test_a_caption_without_references_is_refused_by_name():
    with pytest.raises(
        DataError,
        match=r"1 image that no reference describes: bird\.jpg; there are references of dog",
    ):
        score({**CAPTIONS, "bird.jpg": "a bird"}, REFERENCES)


def test_references_without_a_caption_are_refused_by_name():
    with pytest.raises(DataError, match=r"1 image without a caption: cat\.jpg; allow_missing"):
        score({"dog.jpg": "a dog"}, REFERENCES)


def test_an_image_with_an_empty_list_of_references_is_refused_by_name():
    with pytest.raises(DataError, match=r"1 image with no reference at all: cat\.jpg$"):
        score(CAPTIONS, {**REFERENCES, "cat.jpg": []})


def test_a_refusal_names_the_first_ten_and_counts_the_rest():
    many = {f"{number}.jpg": "a bird" for number in range(10, 25)}
    with pytest.raises(DataError, match=r"15 images that .*: 10\.jpg, .* 19\.jpg, …;"):
        score({**CAPTIONS, **many}, REFERENCES)


@pytest.mark.parametrize("references", ["a dog runs", ["a dog", 7], [None], None, 3])
def test_references_that_are_no_list_of_sentences_are_refused(references):
    with pytest.raises(DataError, match=r"references of 'a\.jpg' must be (a list|text), got"):
        score({"a.jpg": "a dog"}, {"a.jpg": references})


@pytest.mark.parametrize("caption", [7, None, ["a dog"]])
def test_a_caption_that_is_not_text_is_refused(caption):
    with pytest.raises(DataError, match=r"the caption of 'dog\.jpg' is not text"):
        score({**CAPTIONS, "dog.jpg": caption}, REFERENCES)


def test_a_caption_too_many_is_refused_even_where_missing_ones_are_allowed():
    with pytest.raises(DataError, match=r"1 image that no reference describes: bird\.jpg"):
        score({**CAPTIONS, "bird.jpg": "a bird"}, REFERENCES, allow_missing=True)


@pytest.mark.parametrize("empty", ["", " \n"])
def test_an_empty_reference_is_refused_by_name(empty):
    with pytest.raises(DataError, match=r"1 image with an empty reference: cat\.jpg$"):
        score(CAPTIONS, {**REFERENCES, "cat.jpg": ["A cat .", empty]})


@pytest.mark.parametrize("corpus", [{}, {"a": ["a dog"]}])
def test_a_corpus_too_small_for_document_frequencies_is_refused(corpus):
    with pytest.raises(DataError, match="document frequencies need two images or more"):
        score(CAPTIONS, REFERENCES, ("cider",), corpus=corpus)
