"""The regressions behind a confidence, and where the features of the train photos lie."""

import numpy as np
from numpy.typing import NDArray

from showtell.runtime.confidence import Domain, Floats, Logistic

AXES = 64  # of most variance
RIDGE = 1.0  # pulls the weights of standardised numbers to 0
NEWTON_STEPS = 50


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
    counts = np.where(labels, wanted / share, (1 - wanted) / (1 - share))
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


def shift_to_mean(logistic: Logistic, values: Floats, factors: Floats, mean: float) -> Logistic:
    """Move the bias so that probabilities of values (N, F), times factors (N,), have this mean."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        moved = Logistic(logistic.weights, logistic.bias + middle)
        if (factors * moved.probability(values)).mean() < mean:
            low = middle
        else:
            high = middle
    return Logistic(logistic.weights, logistic.bias + (low + high) / 2)
