"""Do the models that come with the install score on real val what their manifests say?"""

import sys
from pathlib import Path

from showtell import Captioner
from showtell.bundle import DEFAULT_MODEL, Manifest, bundled_models
from showtell.data.sources import load_dataset
from showtell.runtime.evaluate import evaluate_bundle

TOLERANCE = 0.3  # CIDEr, percent
QUANTISED = 0.5  # what eight bits may cost
IN_SAMPLE = 1.0  # what a chooser may gain or lose on photos that it was fitted on


def expected(manifest: Manifest) -> dict[str, tuple[float, float]]:
    """What the CIDEr should be near, and how near."""
    said = manifest.scores["scores"]["CIDEr"]
    if manifest.decoding.chooser:  # the checkpoint was searched without one
        return {"its manifest, out of fold": (said, IN_SAMPLE)}
    allowed = QUANTISED if manifest.precision == "int8" else TOLERANCE
    checkpoint = manifest.scores["checkpoint"]["CIDEr"]
    return {"its manifest": (said, TOLERANCE), "PyTorch": (checkpoint, allowed)}


records = load_dataset(Path(sys.argv[1])).require("val")
assert DEFAULT_MODEL in bundled_models()
for name, path in bundled_models().items():
    captioner = Captioner.load(path)
    manifest = captioner.bundle.manifest
    report, _ = evaluate_bundle(captioner, records, manifest.decoding)
    found = report.scores["CIDEr"]
    for what, (value, allowed) in expected(manifest).items():
        print(f"{name}: CIDEr {found:.2f}; {what} says {value:.2f}")
        if abs(found - value) > allowed:
            sys.exit(f"{name} does not score what {what} says, within {allowed}")
