"""`calibrate`: a bundle that says how sure to be of a caption, and what it then scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from showtell.bundle import (
    CHOOSER,
    CONFIDENCE,
    Bundle,
    Manifest,
    bundled_models,
    find_bundle,
    load_bundle,
    save_bundle,
)
from showtell.calibration.calibrate import Calibration, Judged, Part
from showtell.calibration.calibrate import calibrate as fit
from showtell.calibration.quality import draw_reliability
from showtell.config import BeamConfig
from showtell.data.reading.tree import pictures_in
from showtell.data.records import Dataset, Record
from showtell.data.sources import load_dataset
from showtell.errors import ConfigError
from showtell.extras import require_extra
from showtell.files import write_atomically
from showtell.metrics import Claims, Report, claim_rates, score
from showtell.progress import Progress, Stages, no_progress, no_stages, stage
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


@dataclass(frozen=True)
class Calibrated:
    """A calibrated bundle that was written."""

    path: Path
    bundle: CalibratedBundle


def calibrate(
    model: str | PathLike[str],
    *,
    data: str | PathLike[str],
    also: Sequence[str | PathLike[str]] = (),
    photos: str | PathLike[str] | None = None,
    out: str | PathLike[str] | None = None,
    figure: str | PathLike[str] | None = None,
    threads: int | None = None,
    progress: Stages = no_stages,
) -> Calibrated:
    """Let a bundle tell how sure to be of each caption, as `showtell calibrate` does.

    Args:
        model: a bundle, by path or name.
        data: a dataset with the splits train and val; the model must not have learned from val.
        also: more of them, to be right about these too; all of their splits are read.
        photos: a folder of pictures without captions that the model learned from beside train, such
            as `showtell train --photos` was given.
        out: where to write; over the bundle itself if not given.
        figure: a PNG file to draw the reliability diagram to.
        threads: of the captioner; the available cores, at most 8, if not given.
        progress: called with the name of a stage, and how much of it is done.

    Raises:
        ConfigError: it would be written over a model that came with the install.
        DataError, ImageError: as `calibrate_bundle`.
        BundleError, UnknownModelError: there is no such model, or it cannot be used.
        MissingExtraError: the figure needs a package that is not installed.
    """
    path = find_bundle(model if isinstance(model, str) else Path(model))
    if out is None and path in bundled_models().values():
        raise ConfigError(f"{model} comes with the install; give --out to write a copy")
    if figure:
        require_extra("train", purpose="--figure")
    bundle = load_bundle(path)
    dataset = load_dataset(Path(data))
    calibrated = calibrate_bundle(
        bundle,
        *(dataset.require(split) for split in ("train", "val")),
        also=[_all_of(load_dataset(Path(one))) for one in also],
        learned_from=[
            Record(str(image), image, (), "train")
            for image in (pictures_in(Path(photos)) if photos else ())
        ],
        threads=threads,
        progress=stage(progress, "calibrating"),
    )
    written = Path(out) if out else path
    save_bundle(written, calibrated.manifest, calibrated.files)
    if figure:
        of_val = calibrated.found.parts[0]
        title = f"{bundle.manifest.name}: how right its confidence is"
        drawn = draw_reliability(of_val.probs, of_val.good, title=title)
        write_atomically(Path(figure), drawn)
    return Calibrated(written, calibrated)


def _all_of(dataset: Dataset) -> Part:
    records = [record for split in dataset.splits for record in dataset.require(split)]
    return Part(dataset.root.resolve().name, records)


def calibrate_bundle(
    bundle: Bundle,
    train: Sequence[Record],
    val: Sequence[Record],
    *,
    also: Sequence[Part] = (),
    learned_from: Sequence[Record] = (),
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
    found = fit(captioner, train, val, also=also, learned_from=learned_from, progress=progress)
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
