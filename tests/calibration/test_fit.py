"""The regressions and the measures of their worth, against definitions done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.calibration.fit import fit_domain, fit_factor, fit_logistic
from showtell.calibration.quality import (
    auroc,
    bins_of,
    calibration_error,
    chance_error,
    draw_reliability,
)
from showtell.runtime.confidence import Logistic

RANDOM = np.random.default_rng(0)


def test_a_logistic_regression_finds_the_one_that_drew_the_labels() -> None:
    values = RANDOM.normal(size=(20_000, 2)) * [1, 10] + [5, -3]
    probs = 1 / (1 + np.exp(-(0.8 * values[:, 0] - 0.1 * values[:, 1] - 4)))
    found = fit_logistic(values, RANDOM.random(20_000) < probs)
    np.testing.assert_allclose(found.weights, [0.8, -0.1], atol=0.06)
    assert found.bias == pytest.approx(-4, abs=0.3)


def test_labels_that_are_told_apart_perfectly_do_not_break_it() -> None:
    values = np.linspace(-1, 1, 50)[:, None]
    found = fit_logistic(values, values[:, 0] > 0)
    probs = found.probability(values)
    assert np.isfinite(found.weights).all()
    assert probs[0] < 0.1
    assert probs[-1] > 0.9


def test_a_number_that_never_changes_counts_for_nothing() -> None:
    values = np.column_stack([RANDOM.normal(size=200), np.full(200, 7.0)])
    assert np.isfinite(fit_logistic(values, values[:, 0] > 0.3).weights).all()


def test_with_a_prior_kinds_weigh_by_it_however_many_there_are() -> None:
    values = np.concatenate([RANDOM.normal(1, 1, 5000), RANDOM.normal(-1, 1, 100)])[:, None]
    labels = np.arange(5100) < 5000
    fits = [fit_logistic(values, labels, prior=prior) for prior in (0.5, None)]
    middle = [-fit.bias / fit.weights[0] for fit in fits]
    assert middle[0] == pytest.approx(0, abs=0.2)
    assert middle[1] < -1


def test_a_factor_is_found_whose_product_with_another_came_true() -> None:
    values, other = RANDOM.normal(size=(20_000, 2)), RANDOM.uniform(0.2, 1, 20_000)
    real = Logistic(np.array([1.5, -0.5]), 0.3)
    found = fit_factor(values, RANDOM.random(20_000) < other * real.probability(values), other)
    assert found.weights == pytest.approx(real.weights, abs=0.12)
    assert found.bias == pytest.approx(real.bias, abs=0.12)


def test_beside_a_factor_that_always_holds_it_is_a_plain_regression() -> None:
    values = RANDOM.normal(size=(500, 2))
    labels = values[:, 0] + RANDOM.normal(size=500) > 0.5
    plain, found = fit_logistic(values, labels), fit_factor(values, labels, np.ones(500))
    assert found.weights == pytest.approx(plain.weights)
    assert found.bias == pytest.approx(plain.bias)


def test_the_domain_has_the_axes_of_most_variance() -> None:
    pooled = RANDOM.normal(size=(500, 6)) * [9, 5, 1, 0.1, 0.1, 0.1] + 3
    domain = fit_domain(pooled)
    np.testing.assert_allclose(domain.mean, pooled.mean(axis=0))
    np.testing.assert_allclose(domain.axes @ domain.axes.T, np.eye(6), atol=1e-9)
    assert domain.spread[:2] == pytest.approx([9, 5], rel=0.1)
    assert abs(domain.axes[0, 0]) > 0.99


def test_probabilities_that_are_shares_have_no_calibration_error() -> None:
    probs = np.repeat([0.25, 0.75], 400)
    labels = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    assert calibration_error(probs, labels) == pytest.approx(0)
    assert calibration_error(np.full(800, 0.9), labels) == pytest.approx(0.4)
    assert [(b.mean, b.size) for b in bins_of(probs, labels)] == [(0.25, 400), (0.75, 400)]


def test_right_probabilities_have_an_error_by_chance_that_falls_with_their_number() -> None:
    probs = RANDOM.random(4000)
    few, many = chance_error(probs[:100]), chance_error(probs)
    assert 0.05 < few < 0.15
    assert many < few / 4
    assert calibration_error(probs, RANDOM.random(4000) < probs) < 3 * many


def test_a_probability_of_1_is_in_the_last_bin() -> None:
    (only,) = bins_of(np.array([1.0, 0.95]), np.array([True, False]))
    assert only.size == 2


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2).filter(
        lambda pairs: len({label for _, label in pairs}) == 2
    )
)
def test_auroc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in pairs], dtype=float)
    labels = np.array([label for _, label in pairs])
    won = [(g > b) + 0.5 * (g == b) for g in scores[labels] for b in scores[~labels]]
    assert auroc(scores, labels) == pytest.approx(np.mean(won))


def test_auroc_of_one_kind_is_no_number() -> None:
    assert np.isnan(auroc(np.ones(3), np.ones(3, dtype=bool)))


def test_the_reliability_diagram_is_a_picture() -> None:
    probs = RANDOM.random(100)
    assert draw_reliability(probs, RANDOM.random(100) < probs, title="x").startswith(b"\x89PNG")
