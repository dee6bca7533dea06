"""Do the models that come with the install score on real val what their manifests say?"""

import sys
from pathlib import Path

from showtell import Captioner
from showtell.bundle import bundled_models
from showtell.data.sources import load_dataset
from showtell.runtime.evaluate import evaluate_bundle

TOLERANCE = 0.3  # CIDEr, percent

records = load_dataset(Path(sys.argv[1])).require("val")
for name, path in bundled_models().items():
    captioner = Captioner.load(path)
    manifest = captioner.bundle.manifest
    report, _ = evaluate_bundle(captioner, records, manifest.decoding)
    said, found = manifest.scores["scores"]["CIDEr"], report.scores["CIDEr"]
    print(f"{name}: CIDEr {found:.2f}, its manifest says {said:.2f}")
    if abs(said - found) > TOLERANCE:
        sys.exit(f"{name} does not score what its manifest says")
