"""Loss and CIDEr by epoch, as a picture: where people would rather look."""

import io
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

LOSS_COLOUR, CIDER_COLOUR = "#4c72b0", "#c44e52"


def draw_curves(
    history: list[dict[str, Any]], *, title: str, unit: str = "nats per token"
) -> bytes:
    """Draw the log of a run, with the best epoch marked; give a PNG.

    Args:
        unit: of the losses.
    """
    epochs = [entry["epoch"] for entry in history]
    ciders = [entry["scores"]["CIDEr"] for entry in history]
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
    right.plot(epochs, ciders, "s-", color=CIDER_COLOUR)
    right.set_ylabel("validation CIDEr (%)", color=CIDER_COLOUR)
    best = max(range(len(ciders)), key=lambda i: ciders[i])
    right.axvline(epochs[best], color="grey", linewidth=0.8, linestyle=":")
    left.set_title(f"{title}: best CIDEr {ciders[best]:.1f} at epoch {epochs[best]}")
    return to_png(figure)


def to_png(figure: Figure) -> bytes:
    """Give a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
