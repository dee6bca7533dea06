"""The curves of a run, as a picture."""

import io

from PIL import Image

from showtell.training.plot import draw_curves


def test_the_curves_are_a_png_that_changes_with_the_run() -> None:
    history = [
        {
            "epoch": n,
            "train_loss": 4 - n / 2,
            "val_loss": 4.0,
            "scores": {"CIDEr": 20.0 + n},
            "best": True,
        }
        for n in (1, 2, 3)
    ]
    first, whole = draw_curves(history[:1], title="merge"), draw_curves(history, title="merge")
    for data in (first, whole):
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "PNG"
            assert image.width > 600
    assert first != whole
