"""How sure a difference of two systems is, each trained with several seeds.

Welch 1947 ("The generalization of 'Student's' problem when several different population variances
are involved"): the interval of the difference of two means from the spread of each system's runs.
It tells whether other seeds would show the same difference on these images; `bootstrap` is its
counterpart, for other images.
"""

from collections.abc import Sequence

import numpy as np

from showtell.metrics.bootstrap import LEVEL, Interval

_STEPS = 100_000  # of the integral; the quantile is right to 5 digits and more


def welch_interval(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """Give the 95 % interval of mean(second) - mean(first); None if a system has one run only."""
    if min(len(first), len(second)) < 2:
        return None
    difference = float(np.mean(second) - np.mean(first))
    variances = [float(np.var(runs, ddof=1)) / len(runs) for runs in (first, second)]
    total = sum(variances)
    if total == 0:
        return Interval(difference, difference)
    freedom = total**2 / sum(
        v**2 / (len(runs) - 1) for v, runs in zip(variances, (first, second), strict=True)
    )
    half = student_t(freedom) * total**0.5
    return Interval(difference - half, difference + half)


def student_t(freedom: float) -> float:
    """Give the t within which Student's distribution has `LEVEL`, for 1 or more degrees of freedom.

    With t = sqrt(freedom) * tan(angle) the density becomes cos(angle) ** (freedom - 1), which is
    integrated by the trapezoid rule.
    """
    angles = np.linspace(0, np.pi / 2, _STEPS + 1)
    density = np.cos(angles) ** (freedom - 1)
    area = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    return float(freedom**0.5 * np.tan(np.interp(LEVEL * area[-1], area, angles)))
