"""Do the models that come with the install score on real val what their manifests say?"""

import sys
from pathlib import Path

from showtell import Captioner
from showtell.bundle import DEFAULT_MODEL, bundled_models
from showtell.data.sources import load_dataset
from showtell.runtime.evaluate import evaluate_bundle

TOLERANCE = 0.3  # CIDEr, percent
QUANTISED = 0.5  # what eight bits may cost

records = load_dataset(Path(sys.argv[1])).require("val")
assert DEFAULT_MODEL in bundled_models()
for name, path in bundled_models().items():
    captioner = Captioner.load(path)
    manifest = captioner.bundle.manifest
    report, _ = evaluate_bundle(captioner, records, manifest.decoding)
    said, found = manifest.scores["scores"]["CIDEr"], report.scores["CIDEr"]
    checkpoint = manifest.scores["checkpoint"]["CIDEr"]
    print(f"{name}: CIDEr {found:.2f}; its manifest says {said:.2f}, PyTorch had {checkpoint:.2f}")
    allowed = QUANTISED if manifest.precision == "int8" else TOLERANCE
    if abs(found - said) > TOLERANCE or abs(found - checkpoint) > allowed:
        sys.exit(f"{name} does not score what its manifest or its PyTorch checkpoint says")
