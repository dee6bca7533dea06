"""The interval of a difference over seeds, against tables and against simulated studies."""

import numpy as np
import pytest

from showtell.metrics.welch import student_t, welch_interval


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (10, 2.228), (120, 1.980)]
)
def test_student_t_is_that_of_the_printed_tables(freedom: float, t: float) -> None:
    assert student_t(freedom) == pytest.approx(t, abs=5e-4)


def test_an_interval_redone_by_hand() -> None:
    # Means 11 and 15, variances 1 and 1 of three runs each: standard error sqrt(2/3), 4 degrees.
    interval = welch_interval([10, 11, 12], [14, 15, 16])
    assert interval is not None
    assert interval.low == pytest.approx(4 - 2.7764 * (2 / 3) ** 0.5, abs=1e-3)
    assert interval.high == pytest.approx(4 + 2.7764 * (2 / 3) ** 0.5, abs=1e-3)


def test_a_spread_of_one_side_alone_leaves_its_own_degrees_of_freedom() -> None:
    interval = welch_interval([10, 11, 12], [15, 15, 15])
    assert interval is not None
    assert interval.high - interval.low == pytest.approx(2 * 4.3027 * (1 / 3) ** 0.5, abs=1e-3)


def test_one_run_of_a_system_says_nothing() -> None:
    assert welch_interval([10], [11, 12, 13]) is None
    assert welch_interval([], [11, 12, 13]) is None


def test_runs_without_any_spread_have_an_interval_of_no_width() -> None:
    interval = welch_interval([10, 10], [12, 12])
    assert interval is not None
    assert (interval.low, interval.high) == (2, 2)


def test_about_95_of_100_intervals_hold_the_true_difference() -> None:
    random = np.random.default_rng(0)
    pairs = [(random.normal(46, 0.5, 3), random.normal(48, 2.0, 4)) for _ in range(400)]
    intervals = [welch_interval(first.tolist(), second.tolist()) for first, second in pairs]
    held = sum(i is not None and i.low <= 2 <= i.high for i in intervals)
    assert 0.92 <= held / 400 <= 0.99
