"""The regressions behind a confidence, and where the features of the train photos lie."""

import numpy as np
from numpy.typing import NDArray

from showtell.runtime.confidence import Domain, Floats, Logistic

AXES = 64  # of most variance
RIDGE = 1.0  # pulls the weights of standardised numbers to 0
NEWTON_STEPS = 50
EM_STEPS = 20


def fit_logistic(
    values: Floats, labels: NDArray[np.bool_], *, prior: float | None = None
) -> Logistic:
    """Fit a logistic regression by Newton's method, with a ridge on the standardised weights.

    Args:
        values: (N, F).
        labels: (N,) of both kinds.
        prior: the share that those of the first kind are taken to be, whatever it is here.
    """
    share = labels.mean()
    wanted = share if prior is None else prior
    return _fit_weighed(
        values, labels, np.where(labels, wanted / share, (1 - wanted) / (1 - share))
    )


def fit_factor(values: Floats, labels: NDArray[np.bool_], others: Floats) -> Logistic:
    """Fit the logistic regression whose product with other factors is as likely as can be.

    By expectation maximisation: what is not so, is so either because of the other factor or because
    of this one, and counts here by how far the other one holds.

    Args:
        values: (N, F).
        labels: (N,) of both kinds.
        others: (N,) probabilities, that the product has beside this one.

    Source: Dempster, Laird and Rubin 1977.
    """
    fitted = fit_logistic(values, labels)
    for _ in range(EM_STEPS):
        own = fitted.probability(values)
        others_hold = others * (1 - own) / np.maximum(1 - others * own, 1e-12)
        fitted = _fit_weighed(values, labels, np.where(labels, 1.0, others_hold))
    return fitted


def _fit_weighed(values: Floats, labels: NDArray[np.bool_], counts: Floats) -> Logistic:
    """Fit a logistic regression in which row i stands for `counts[i]` rows."""
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    inputs = np.column_stack([(values - mean) / scale, np.ones(len(values))])
    ridge = np.append(np.full(values.shape[1], RIDGE), 1e-6)
    weights = np.zeros(inputs.shape[1])
    for _ in range(NEWTON_STEPS):
        probs = 1 / (1 + np.exp(-np.clip(inputs @ weights, -50, 50)))
        gradient = inputs.T @ (counts * (probs - labels)) + ridge * weights
        curvature = (inputs * (counts * probs * (1 - probs))[:, None]).T @ inputs + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    slopes = weights[:-1] / scale
    return Logistic(slopes, float(weights[-1] - slopes @ mean))


def fit_domain(pooled: NDArray[np.float32]) -> Domain:
    """Find mean and main axes of pooled features (N, D), by singular values."""
    mean = pooled.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(pooled - mean, full_matrices=False)
    count = min(AXES, len(pooled) - 1)
    spread = np.maximum(singular[:count] / np.sqrt(len(pooled)), 1e-6)
    return Domain(mean, axes[:count], spread)
