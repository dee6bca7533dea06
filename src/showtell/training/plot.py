"""Loss and score by epoch, as a picture: where people would rather look."""

import io
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

LOSS_COLOUR, SCORE_COLOUR = "#4c72b0", "#c44e52"


def draw_curves(
    history: list[dict[str, Any]],
    *,
    title: str,
    unit: str = "nats per token",
    score: str = "CIDEr",
) -> bytes:
    """Draw the log of a run, with the best epoch marked; give a PNG.

    Args:
        unit: of the losses.
        score: which of the log's scores to draw.
    """
    epochs = [entry["epoch"] for entry in history]
    scores = [entry["scores"][score] for entry in history]
    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    left = figure.add_subplot()
    for name, style in (("train", "o-"), ("val", "o--")):
        losses = [entry[f"{name}_loss"] for entry in history]
        left.plot(epochs, losses, style, color=LOSS_COLOUR, label=f"{name} loss")
    left.legend(loc="center right")
    left.set_xlabel("epoch")
    left.set_ylabel(f"loss ({unit})", color=LOSS_COLOUR)
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    right = left.twinx()
    right.plot(epochs, scores, "s-", color=SCORE_COLOUR)
    right.set_ylabel(f"validation {score} (%)", color=SCORE_COLOUR)
    best = max(i for i, entry in enumerate(history) if entry["best"])
    right.axvline(epochs[best], color="grey", linewidth=0.8, linestyle=":")
    left.set_title(f"{title}: best with {score} {scores[best]:.1f} at epoch {epochs[best]}")
    return to_png(figure)


def to_png(figure: Figure) -> bytes:
    """Give a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
