"""`showtell models`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import json_option
from showtell.cli.streams import write_utf8
from showtell.printable import json_text

if TYPE_CHECKING:
    from showtell.bundle import Bundle

EPILOG = """\b
Examples:
  showtell models
  showtell models --json | jq '.[].name'
"""


@click.command("models", epilog=EPILOG, short_help="List the models that come with the install.")
@json_option
def command(as_json: bool) -> None:
    """List the models that come with the install: size, speed here, scores, how each was made."""
    from showtell.bundle import bundled_models, load_bundle
    from showtell.runtime.captioner import Captioner
    from showtell.runtime.speed import ms_per_photo

    bundles = [load_bundle(path) for path in bundled_models().values()]
    speeds = [ms_per_photo(Captioner(bundle)) for bundle in bundles]
    if as_json:
        rows = [
            {**asdict(b.manifest), "num_bytes": b.num_bytes, "ms_per_photo": round(ms, 1)}
            for b, ms in zip(bundles, speeds, strict=True)
        ]
        write_utf8(json_text(rows, indent=2) + "\n")
        return
    console.lines(console.table([_row(b, ms) for b, ms in zip(bundles, speeds, strict=True)]))
    for bundle in bundles:
        console.lines(["", *_details(bundle)])


def _row(bundle: "Bundle", ms: float) -> dict[str, Any]:
    from showtell.bundle import DEFAULT_MODEL

    manifest = bundle.manifest
    return {
        "name": manifest.name + (" (default)" if manifest.name == DEFAULT_MODEL else ""),
        "version": manifest.version,
        "MB": bundle.num_bytes / 1e6,
        "ms/photo": ms,  # here and now
        "decoder": manifest.architecture,
        "encoder": manifest.encoder.name,
        "CIDEr": manifest.scores["scores"]["CIDEr"],
        "BLEU-4": manifest.scores["scores"]["BLEU-4"],
    }


def _details(bundle: "Bundle") -> list[str]:
    manifest = bundle.manifest
    parts = [f"{name} {len(data) / 1e6:.1f}" for name, data in bundle.graphs.items()]
    lines = [
        f"{manifest.name}: {manifest.scores['signatures']['CIDEr']}",
        f"  made by: {manifest.training['command']}",
        f"  MB: {', '.join(parts)}; weights in {manifest.precision}",
    ]
    if manifest.confidence:
        lines.append(
            f"  confidence: AUROC {manifest.confidence['auroc']:.2f}, "
            f"calibration error {manifest.confidence['calibration_error']:.3f}"
        )
    return lines
