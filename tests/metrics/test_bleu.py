import math

import numpy as np
import pytest
from hypothesis import given

from showtell.metrics import bleu

from .samples import AWKWARD, SAMPLES


def score(caption, *references):
    """Score one caption; sentences are written with blanks between words."""
    return bleu([caption.split()], [[reference.split() for reference in references]]).corpus


def test_a_caption_equal_to_a_reference_scores_one():
    found = score("a dog runs fast", "a cat", "a dog runs fast")
    assert found == pytest.approx([1, 1, 1, 1], abs=1e-8)


def test_a_repeated_word_counts_no_oftener_than_in_one_reference():
    # Papineni et al. 2002, example 2: 2 of 7 words match; the closest reference has 7 words.
    found = score("the the the the the the the", "the cat is on the mat", "there is a cat on a mat")
    assert found[0] == pytest.approx(2 / 7)


def test_bleu_is_the_geometric_mean_of_the_precisions():
    # Words 5/6, bigrams 3/5, trigrams 2/4, fours 1/3; no brevity penalty.
    found = score("a dog runs on green grass", "the dog runs on green hills of grass", "x " * 6)
    precisions = [5 / 6, 3 / 5, 2 / 4, 1 / 3]
    expected = [math.prod(precisions[:n]) ** (1 / n) for n in (1, 2, 3, 4)]
    assert found == pytest.approx(expected, abs=1e-8)


def test_a_short_caption_is_punished_by_its_length():
    assert score("a dog", "a dog runs fast")[0] == pytest.approx(math.exp(1 - 4 / 2))


def test_a_long_caption_is_punished_by_its_precision_only():
    assert score("a dog runs fast", "a dog")[0] == pytest.approx(2 / 4)


def test_the_closest_reference_gives_the_length_even_for_a_single_image():
    assert score("a dog runs", "a dog runs", "x " * 30)[0] == pytest.approx(1)


def test_of_two_references_equally_close_the_shorter_gives_the_length():
    assert score("a dog runs", "a dog", "a dog runs fast")[0] == pytest.approx(1)


def test_the_corpus_value_is_of_summed_counts_not_a_mean():
    result = bleu([["a"], ["b", "c", "d"]], [[["a"]], [["x", "y", "z"]]])
    assert result.corpus[0] == pytest.approx(1 / 4)
    assert result.per_image[:, 0] == pytest.approx([1, 0])


def test_an_empty_caption_scores_zero():
    assert score("", "a dog") == pytest.approx([0, 0, 0, 0])


def test_every_image_has_a_value_of_every_order():
    result = bleu([["a"]] * 3, [[["a"]]] * 3)
    assert result.names == ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4")
    assert result.corpus.shape == (4,)
    assert result.per_image.shape == (3, 4)


def test_the_brevity_penalty_is_of_the_corpus_so_a_long_caption_makes_up_for_a_short_one():
    long, short = ["a", "b", "c", "d"], ["x"]
    references = [[["a", "b"]], [["x", "y", "z"]]]  # 5 words against 5
    assert bleu([long, short], references).corpus[0] == pytest.approx(3 / 5)


@pytest.mark.parametrize("sample", AWKWARD.values(), ids=AWKWARD)
def test_awkward_captions_score_as_in_coco_caption(coco_bleu, sample):
    assert_scores_agree(bleu(*sample), coco_bleu(*sample))


@given(SAMPLES)
def test_any_captions_score_as_in_coco_caption(coco_bleu, sample):
    assert_scores_agree(bleu(*sample), coco_bleu(*sample))


def assert_scores_agree(ours, theirs):
    np.testing.assert_allclose(ours.corpus, theirs[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.per_image, np.transpose(theirs[1]), rtol=0, atol=1e-9)
