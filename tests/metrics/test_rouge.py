import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.errors import DataError
from showtell.metrics import rouge_l
from showtell.metrics.rouge import longest_common_subsequences

from .samples import AWKWARD, SAMPLES


def score(caption, *references):
    """Score one caption; sentences are written with blanks between words."""
    return rouge_l([caption.split()], [[reference.split() for reference in references]]).corpus[0]


@pytest.mark.parametrize(
    ("left", "right", "length"),
    [
        ("a b c", "a b c", 3),
        ("a b c", "c b a", 1),
        ("a b c d", "a x c y d", 3),
        ("a a a", "a a", 2),
        ("a b", "b a b", 2),
        ("a b", "x y", 0),
        ("", "a", 0),
        ("a", "", 0),
    ],
)
def test_the_longest_common_subsequence_keeps_order_and_may_skip(left, right, length):
    assert longest_common_subsequences(left.split(), [right.split()]) == [length]


@given(st.text("abc", max_size=80), st.lists(st.text("abcd", max_size=80), max_size=3))
def test_the_length_is_what_the_textbook_table_gives(caption, references):
    found = longest_common_subsequences(caption, references)
    assert found == [textbook_length(caption, reference) for reference in references]


def textbook_length(left, right):
    """Fill the table of Cormen et al., section 15.4, row by row."""
    row = [0] * (len(right) + 1)
    for a in left:
        above, row = row, [0]
        for column, b in enumerate(right):
            row.append(above[column] + 1 if a == b else max(above[column + 1], row[column]))
    return row[-1]


def test_a_caption_equal_to_a_reference_scores_one():
    assert score("a dog runs", "a cat", "a dog runs") == pytest.approx(1)


def test_the_score_weighs_recall_over_precision():
    # All 3 words are found in order (P = 1) among 5 (R = 0.6); beta is 1.2, its square 1.44.
    found = score("the cat sat", "the cat on mat sat")
    assert found == pytest.approx(2.44 * 1 * 0.6 / (0.6 + 1.44 * 1))


def test_precision_and_recall_may_come_from_different_references():
    # "a dog runs fast x y" gives P = 4/4, "a dog" gives R = 2/2.
    assert score("a dog runs fast", "a dog runs fast x y", "a dog") == pytest.approx(1)


@pytest.mark.parametrize("caption", ["", "zebra"])
def test_a_caption_without_a_word_of_the_references_scores_zero(caption):
    assert score(caption, "a dog runs", "a dog") == 0


def test_the_corpus_value_is_the_mean_over_images():
    result = rouge_l([["a"], ["b"]], [[["a"]], [["x"]]])
    assert result.per_image[:, 0] == pytest.approx([1, 0])
    assert result.corpus == pytest.approx([0.5])


@pytest.mark.parametrize("sample", [([["a"]], [[["a"]], [["b"]]]), ([], []), ([["a"]], [[]])])
def test_captions_and_references_that_do_not_match_are_refused(sample):
    with pytest.raises(DataError):
        rouge_l(*sample)


@pytest.mark.parametrize("sample", AWKWARD.values(), ids=AWKWARD)
def test_awkward_captions_score_as_in_coco_caption(coco_rouge, sample):
    assert_scores_agree(rouge_l(*sample), coco_rouge(*sample))


@given(SAMPLES)
def test_any_captions_score_as_in_coco_caption(coco_rouge, sample):
    assert_scores_agree(rouge_l(*sample), coco_rouge(*sample))


def assert_scores_agree(ours, theirs):
    assert ours.corpus[0] == pytest.approx(theirs[0], rel=0, abs=1e-9)
    np.testing.assert_allclose(ours.per_image[:, 0], theirs[1], rtol=0, atol=1e-9)
