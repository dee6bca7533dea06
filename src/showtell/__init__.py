"""showtell: photo in, English sentence out.

>>> from showtell import Captioner
>>> Captioner.load().caption("photo.jpg").text  # doctest: +SKIP
'A dog runs through the grass.'

Importing the package loads neither PyTorch nor ONNX Runtime: names are resolved when first used.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Newer builds of ONNX Runtime keep events in a database under ~/.cache, to be sent to Microsoft.
# What is captioned is its owner's business: off, and before anything imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from showtell.calibration.bundle import calibrate
    from showtell.config import BeamConfig
    from showtell.errors import ShowtellError
    from showtell.evaluation.evaluate import compare, evaluate
    from showtell.metrics.report import Report
    from showtell.metrics.scoring import score
    from showtell.runtime.caption import Caption
    from showtell.runtime.captioner import Captioner
    from showtell.training.calls import export, study, train

__all__ = [
    "BeamConfig",
    "Caption",
    "Captioner",
    "Report",
    "ShowtellError",
    "calibrate",
    "compare",
    "evaluate",
    "export",
    "score",
    "study",
    "train",
]

_HOMES = {
    "BeamConfig": "showtell.config",
    "Caption": "showtell.runtime.caption",
    "Captioner": "showtell.runtime.captioner",
    "Report": "showtell.metrics.report",
    "ShowtellError": "showtell.errors",
    "calibrate": "showtell.calibration.bundle",
    "compare": "showtell.evaluation.evaluate",
    "evaluate": "showtell.evaluation.evaluate",
    "export": "showtell.training.calls",
    "score": "showtell.metrics.scoring",
    "study": "showtell.training.calls",
    "train": "showtell.training.calls",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'showtell' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
