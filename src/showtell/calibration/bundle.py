"""A calibrated bundle: its files, and a manifest that says what it is now and what it scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from showtell.bundle import CHOOSER, CONFIDENCE, Bundle, Manifest
from showtell.calibration.calibrate import Calibration, Judged, Part, calibrate
from showtell.config import BeamConfig
from showtell.data.records import Record
from showtell.metrics import Claims, Report, claim_rates, score
from showtell.progress import Progress, no_progress
from showtell.runtime.captioner import Captioner

OUT_OF_FOLD = "each photo with a chooser that was fitted on the others"


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What the captions of some photos are worth, each by fits that did not see its photo."""

    name: str
    report: Report
    claims: Claims

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "measured_on": f"{self.name}, {OUT_OF_FOLD}",
            **self.report.to_dict(),
            "claims": {name: rate.to_dict() for name, rate in self.claims.system.items()},
        }


@dataclass(frozen=True, kw_only=True)
class CalibratedBundle:
    """What `save_bundle` writes, and what it was made of."""

    manifest: Manifest
    files: dict[str, bytes]
    found: Calibration
    scored: tuple[Scored, ...]  # val first


def calibrate_bundle(
    bundle: Bundle,
    train: Sequence[Record],
    val: Sequence[Record],
    *,
    also: Sequence[Part] = (),
    threads: int | None = None,
    progress: Progress = no_progress,
) -> CalibratedBundle:
    """Fit a bundle's confidence, and its opinion where it names what it sees.

    What it had of both is thrown away before.

    Raises:
        DataError, ImageError: as `calibrate`.
    """
    plain = _without_fits(bundle)
    captioner = Captioner(plain, threads=threads)
    found = calibrate(captioner, train, val, also=also, progress=progress)
    files = plain.files | {CONFIDENCE: found.confidence.to_bytes()}
    decoding, scores = plain.manifest.decoding, plain.manifest.scores
    if found.opinion:
        files[CHOOSER] = found.opinion.to_bytes()
        decoding = replace(decoding, consensus=0.0, chooser=True, cautious=True)
    scored = tuple(_score(part, decoding) for part in found.parts)
    if found.opinion:
        scores = _scores(scored, before=scores)
    manifest = replace(
        plain.manifest, decoding=decoding, confidence=found.describe(), scores=scores
    )
    return CalibratedBundle(manifest=manifest, files=files, found=found, scored=scored)


def _without_fits(bundle: Bundle) -> Bundle:
    """Take out chooser and confidence, whatever they said of the captions."""
    files = {n: data for n, data in bundle.files.items() if n not in (CHOOSER, CONFIDENCE)}
    decoding = replace(bundle.manifest.decoding, chooser=False, cautious=False)
    return replace(bundle, files=files, manifest=replace(bundle.manifest, decoding=decoding))


def _score(part: Judged, decoding: BeamConfig) -> Scored:
    split = "val" if part.name == "val" else None  # of others, all splits
    conditions = decoding.conditions()
    return Scored(
        name=part.name,
        report=score(part.captions, part.references, split=split, decoding=conditions),
        claims=claim_rates(part.captions, part.references, people=False),
    )


def _scores(scored: Sequence[Scored], *, before: Mapping[str, Any]) -> dict[str, Any]:
    """Say what the bundle scores now, and keep what it and its checkpoint did without a chooser."""
    val, *also = (one.to_dict() for one in scored)
    earlier = before.get("without_chooser") or {
        key: value for key, value in before.items() if key != "checkpoint"
    }
    return {
        **val,
        **({"also": also} if also else {}),
        **({"without_chooser": earlier} if earlier else {}),
        **({"checkpoint": before["checkpoint"]} if "checkpoint" in before else {}),
    }
