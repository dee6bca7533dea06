"""Scores that can be redone by hand, on the word lists of toy.py.

With P and R weighted by kind of match and of word: F = 1 / (0.15 / P + 0.85 / R), and METEOR =
F · (1 - 0.6 · (chunks / matched words) ** 0.2).
"""

import subprocess
import sys

import numpy as np
import pytest

from showtell.metrics.meteor import meteor_formula

UNBROKEN, SCATTERED = 1.0, 0.4  # what a chunk of the whole sentence leaves, and one per word


@pytest.fixture
def score(toy_meteor):
    """Score a caption; sentences are written with blanks between words."""

    def score(caption, *references):
        images = [[reference.split() for reference in references]]
        return meteor_formula(toy_meteor.statistics([caption.split()], images))[0]

    return score


# Kinds of matches


def test_a_caption_equal_to_its_reference_scores_one(score):
    assert score("a dog runs", "a dog runs") == pytest.approx(1)


def test_words_of_one_stem_count_three_fifths(score):
    assert score("quickly", "quick") == pytest.approx(0.6 * UNBROKEN)


def test_words_of_one_meaning_count_four_fifths(score):
    assert score("car", "auto") == pytest.approx(0.8 * UNBROKEN)


@pytest.mark.parametrize("form", ["mice", "mouses"])
def test_a_word_has_the_meanings_of_its_base_form(score, form):
    assert score(form, "mouse") == pytest.approx(0.8 * UNBROKEN)


def test_an_ending_is_replaced_where_that_gives_a_known_word(score):
    assert score("men", "man") == pytest.approx(0.8 * UNBROKEN)
    assert score("glass", "glas") == 0  # the "s" of "ss" is no ending


@pytest.mark.parametrize("sides", [("in front of", "before"), ("before", "in front of")])
def test_paraphrases_count_three_fifths_in_both_directions(score, sides):
    assert score(*sides) == pytest.approx(0.6 * UNBROKEN)


def test_a_word_is_matched_only_once(score):
    # P = 1/2, R = 1; one chunk, of one word here and of one there.
    assert score("dog dog", "dog") == pytest.approx(1 / (0.15 / 0.5 + 0.85) * SCATTERED)


def test_a_lone_word_that_matches_in_two_ways_is_left_out_as_in_the_original(score):
    # By stem and by meaning. Half a word of coverage is rounded down to none, so that the search
    # prefers to save the chunk.
    assert score("carly", "car") == 0
    assert score("red carly", "red car") > score("red", "red car")


# The formula


def test_recall_weighs_more_than_precision(score):
    assert score("dog", "dog runs") == pytest.approx(1 / (0.15 + 0.85 / 0.5) * SCATTERED)
    assert score("dog runs", "dog") == pytest.approx(1 / (0.15 / 0.5 + 0.85) * SCATTERED)


def test_a_function_word_weighs_a_third_of_a_content_word(score):
    # "dog" of "a dog": 0.75 of 0.75 + 0.25.
    assert score("a dog", "the dog") == pytest.approx(0.75 * SCATTERED)
    assert score("a dog", "a cat") == pytest.approx(0.25 * SCATTERED)


def test_words_in_another_order_are_punished_by_their_chunks(score):
    assert score("x y", "y x") == pytest.approx(SCATTERED)
    assert score("v w x y", "x y v w") == pytest.approx(1 - 0.6 * (2 / 4) ** 0.2)


def test_a_paraphrase_continues_a_chunk(score):
    # 7 and 5 words matched in one chunk; of them 3 and 1 at 0.6, and "the" twice.
    found = score("the cat before the dog", "the cat in front of the dog")
    precision, recall = (0.5 + 0.75 * 2.6) / (0.5 + 0.75 * 3), (0.5 + 0.75 * 3.8) / (0.5 + 0.75 * 5)
    assert found == pytest.approx(1 / (0.15 / precision + 0.85 / recall))


@pytest.mark.parametrize("sides", [("", "dog"), ("dog", ""), ("", ""), ("dog", "cat")])
def test_nothing_in_common_scores_zero(score, sides):
    assert score(*sides) == 0


def test_the_reference_that_scores_best_counts(score):
    assert score("a dog", "a cat", "a dog", "the dog runs") == pytest.approx(1)


def test_of_equal_references_the_first_gives_the_statistics(toy_meteor):
    (row,) = toy_meteor.statistics([["dog"]], [[["cat"], ["black", "bird"]]])
    assert row[1] == 1  # words of the reference


def test_the_corpus_value_is_of_summed_statistics(toy_meteor):
    rows = toy_meteor.statistics([["x"], ["y"]], [[["x"]], [["z"]]])
    assert meteor_formula(rows) == pytest.approx([1, 0])
    # P = R = 1/2; a caption matched as a whole adds no chunk.
    assert meteor_formula(rows.sum(axis=0)) == pytest.approx(0.5 * UNBROKEN)


def test_the_formula_works_on_any_stack_of_statistics(toy_meteor):
    rows = toy_meteor.statistics([["x"], ["x", "y"]], [[["x"]], [["z", "x"]]])
    stack = np.stack([rows, rows[::-1], 2 * rows])
    assert meteor_formula(stack).shape == (3, 2)
    assert meteor_formula(stack)[1] == pytest.approx(meteor_formula(rows)[::-1])


# What goes in and what is said meanwhile


def test_capitals_and_punctuation_are_normalised(score):
    assert score("Mr. X, a MAN'S dog.", "mr. x , a man's dog .") == pytest.approx(1)


def test_the_separator_of_the_java_program_is_dropped(score):
    assert score("a ||| dog", "a dog") == pytest.approx(1)


def test_progress_counts_every_image_twice(toy_meteor):
    calls = []
    toy_meteor.statistics(
        [["x"]] * 3, [[["x"]]] * 3, progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(3, 6), (4, 6), (5, 6), (6, 6)]


def test_no_captions_give_no_statistics(toy_meteor):
    assert toy_meteor.statistics([], []).shape == (0, 23)


def test_importing_meteor_loads_none_of_what_it_needs():
    code = (
        "import sys, showtell.metrics.meteor\n"
        "assert not {'snowballstemmer', 'pycocoevalcap'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
