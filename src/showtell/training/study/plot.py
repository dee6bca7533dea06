"""CIDEr of every run, system beside system, as a picture."""

import statistics
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from showtell.training.plot import to_png
from showtell.training.study.config import Published

RUN_COLOUR, MEAN_COLOUR, PUBLISHED_COLOUR = "#4c72b0", "#222222", "#c44e52"
WIDTH = 0.3  # the dots of a system are spread over this much of its column


def draw_study(ciders: Mapping[str, Sequence[float]], published: Published, *, title: str) -> bytes:
    """Draw a dot a run and mean ± sd a system; give a PNG.

    Args:
        ciders: system -> CIDEr of each run, in percent.
        published: others' values, for those systems that have one.
    """
    figure = Figure(figsize=(max(5, 1.5 + 1.1 * len(ciders)), 4.2), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    runs = [
        (column - WIDTH / 2 + WIDTH * (i + 0.5) / len(values), value)  # none above another
        for column, values in enumerate(ciders.values())
        for i, value in enumerate(values)
    ]
    axes.plot(*zip(*runs, strict=True), "o", color=RUN_COLOUR, alpha=0.7, label="one run")
    axes.errorbar(
        [column + WIDTH for column in range(len(ciders))],
        [statistics.fmean(values) for values in ciders.values()],
        yerr=[statistics.stdev(values) if len(values) > 1 else 0 for values in ciders.values()],
        fmt="_",
        markersize=22,
        capsize=5,
        color=MEAN_COLOUR,
        label="mean ± sd over seeds",
    )
    known = [
        (i - WIDTH, published.cider[name])
        for i, name in enumerate(ciders)
        if name in published.cider
    ]
    if known:
        axes.plot(
            *zip(*known, strict=True),
            "D",
            mfc="none",
            color=PUBLISHED_COLOUR,
            label=published.source,
        )
    axes.set_xticks(range(len(ciders)), ciders, rotation=20)
    axes.set_xlim(-0.6, len(ciders) - 0.4)
    axes.set_ylabel("validation CIDEr (%)")
    axes.set_title(f"{title}: CIDEr by system")
    axes.grid(axis="y", linewidth=0.4)
    axes.legend(loc="best", fontsize="small")
    return to_png(figure)
