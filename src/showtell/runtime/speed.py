"""How long a model takes for a photo, on this machine."""

import io
import statistics
import time

import numpy as np
from PIL import Image

from showtell.runtime.captioner import Captioner

REPEATS = 5


def ms_per_photo(captioner: Captioner) -> float:
    """Caption a JPEG of 640 × 480 pixels some times, decoding it too; give the median, in ms.

    How long a search takes depends on how long the sentence gets: smooth noise is as good as any.
    """
    noise = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((640, 480)).save(file, "JPEG")
    photo = file.getvalue()
    captioner.caption(photo)  # the first one is slower
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        captioner.caption(photo)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)
