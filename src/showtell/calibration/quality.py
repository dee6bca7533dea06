"""Is a probability right? Expected calibration error, AUROC, and the reliability diagram.

Source: Guo et al. 2017 (arXiv:1706.04599), section 2; Niculescu-Mizil and Caruana 2005.
"""

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.runtime.confidence import Floats

BINS = 10  # of equal width
DRAWS = 1000
Labels = NDArray[np.bool_]


class Bin(NamedTuple):
    """Captions of much the same probability."""

    mean: float  # of the probabilities
    good: float  # share that is good
    size: int  # captions


def bins_of(probs: Floats, labels: Labels) -> Iterator[Bin]:
    """Sort captions into bins by their probability; empty ones are left out."""
    index = np.minimum((probs * BINS).astype(int), BINS - 1)
    for i in range(BINS):
        inside = index == i
        if inside.any():
            yield Bin(float(probs[inside].mean()), float(labels[inside].mean()), int(inside.sum()))


def calibration_error(probs: Floats, labels: Labels) -> float:
    """Expected calibration error, 0 to 1: how far bins are from their share of good captions."""
    gaps = [abs(b.mean - b.good) * b.size for b in bins_of(probs, labels)]
    return float(sum(gaps) / len(probs))


def chance_error(probs: Floats) -> float:
    """The calibration error that probabilities exactly right would have, on average: of chance."""
    random = np.random.default_rng(0)
    draws = [calibration_error(probs, random.random(len(probs)) < probs) for _ in range(DRAWS)]
    return float(np.mean(draws))


def auroc(scores: Floats, labels: Labels) -> float:
    """Probability that a good one has a higher score than another; ties count half.

    Not a number where all are of one kind.

    Source: Hanley and McNeil 1982: the Mann-Whitney statistic.
    """
    good, bad = np.sort(scores[labels]), scores[~labels]
    if not len(good) or not len(bad):
        return float("nan")
    above = len(good) - np.searchsorted(good, bad, side="right")
    ties = len(good) - above - np.searchsorted(good, bad, side="left")
    return float((above + 0.5 * ties).sum() / (len(good) * len(bad)))


def draw_reliability(probs: Floats, labels: Labels, *, title: str) -> bytes:
    """Draw the share of good captions over the probability given to them; give a PNG."""
    from matplotlib.figure import Figure

    found = list(bins_of(probs, labels))
    figure = Figure(figsize=(5, 5.6), dpi=120, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    upper.plot([0, 1], [0, 1], "--", color="#888888", label="as it should be")
    means, shares = [b.mean for b in found], np.array([b.good for b in found])
    spread = np.array([_wilson(b.good, b.size) for b in found]).T
    upper.errorbar(
        means,
        shares,
        np.abs(spread - shares),
        fmt="o-",
        color="#4c72b0",
        capsize=3,
        label="captions",
    )
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is good", title=title)
    upper.text(
        0.97,
        0.04,
        f"calibration error {calibration_error(probs, labels):.3f}\n"
        f"AUROC {auroc(probs, labels):.2f}",
        ha="right",
    )
    upper.legend(loc="upper left")
    upper.grid(linewidth=0.4)
    lower.bar(means, [b.size for b in found], width=0.06, color="#4c72b0")
    lower.set(xlabel="confidence", ylabel="captions")
    lower.grid(axis="y", linewidth=0.4)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _wilson(share: float, count: int) -> tuple[float, float]:
    """Where the true share lies, 95 %: how far chance alone may move a dot. Wilson 1927."""
    z2 = 1.96**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5 * 1.96 / (1 + z2 / count)
    return middle - half, middle + half
