import math

import numpy as np
import pytest
from hypothesis import given

from showtell.metrics import cider

from .samples import AWKWARD, CAT, DOG, SAMPLES

GAP_OF_ONE = math.exp(-1 / (2 * 6**2))  # the Gaussian, sigma 6, for one bigram more or less


def score(caption, *references):
    """Score one caption beside an image that has nothing to do with it."""
    _, each = cider(
        [caption.split(), ["unrelated"]],
        [[reference.split() for reference in references], [["unrelated"]]],
    )
    return each[0]


def test_a_caption_equal_to_its_only_reference_scores_ten():
    assert score("a dog runs fast", "a dog runs fast") == pytest.approx(10)


def test_the_four_orders_of_ngrams_weigh_the_same():
    assert score("dog", "dog") == pytest.approx(10 * 1 / 4)
    assert score("a dog", "a dog") == pytest.approx(10 * 2 / 4)
    assert score("a dog runs", "a dog runs") == pytest.approx(10 * 3 / 4)


def test_the_references_are_averaged():
    assert score("a dog runs fast", "a dog runs fast", "x y z w") == pytest.approx(5)


def test_a_difference_in_length_is_punished():
    # One of two equally rare words: the cosine is 1/√2, for words alone.
    assert score("dog", "dog runs") == pytest.approx(10 / 4 / math.sqrt(2) * GAP_OF_ONE)


def test_a_repeated_word_is_clipped_to_the_reference():
    # min(2, 1) · 1 / (2 · 1) for words; the caption's one bigram matches nothing.
    assert score("dog dog", "dog") == pytest.approx(10 / 4 * 1 / 2 * GAP_OF_ONE)


def test_a_word_of_every_image_weighs_nothing():
    _, each = cider([["a"], ["a"]], [[["a", "dog"]], [["a", "cat"]]])
    assert each == pytest.approx([0, 0])


def test_a_rarer_word_weighs_more():
    # Of 3 images "dog" is in 1 and "a" in 2: idf log 3 and log 3/2.
    references = [[["a", "dog"]], [["a", "cat"]], [["fish"]]]
    _, rare = cider([["dog"], [], []], references)
    _, common = cider([["a"], [], []], references)
    norm = math.hypot(math.log(3), math.log(3 / 2))
    assert rare[0] == pytest.approx(10 / 4 * math.log(3) / norm * GAP_OF_ONE)
    assert common[0] == pytest.approx(10 / 4 * math.log(3 / 2) / norm * GAP_OF_ONE)


def test_a_word_counts_once_for_an_image_however_many_references_hold_it():
    once, _ = cider([["dog"], ["cat"]], [[["dog"]], [["cat"]]])
    often, _ = cider([["dog"], ["cat"]], [[["dog"]] * 5, [["cat"]] * 5])
    assert often == pytest.approx(once)


def test_a_single_image_scores_zero():
    mean, each = cider([DOG], [[DOG]])
    assert mean == 0
    assert each == pytest.approx([0])


def test_the_corpus_value_is_the_mean_over_images():
    mean, each = cider([DOG, CAT[:4]], [[DOG], [CAT]])
    assert each[0] == pytest.approx(10)
    assert mean == pytest.approx(sum(each) / 2)


@pytest.mark.parametrize("sample", AWKWARD.values(), ids=AWKWARD)
def test_awkward_captions_score_as_in_coco_caption(coco_cider, sample):
    assert_scores_agree(cider(*sample), coco_cider(*sample))


@given(SAMPLES)
def test_any_captions_score_as_in_coco_caption(coco_cider, sample):
    assert_scores_agree(cider(*sample), coco_cider(*sample))


def assert_scores_agree(ours, theirs):
    assert ours[0] == pytest.approx(theirs[0], rel=0, abs=1e-9)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=1e-9)
