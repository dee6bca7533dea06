"""`showtell models`."""

import json
from dataclasses import asdict

import click

from showtell.cli import console
from showtell.cli.options import json_option


@click.command("models")
@json_option
def command(as_json: bool) -> None:
    """List the models that come with the install: size, scores and how each was made."""
    from showtell.bundle import DEFAULT_MODEL, bundled_models, load_bundle

    bundles = [load_bundle(path) for path in bundled_models().values()]
    if as_json:
        rows = [{**asdict(bundle.manifest), "num_bytes": bundle.num_bytes} for bundle in bundles]
        click.echo(json.dumps(rows, indent=2))
        return
    lines = [
        {
            "name": b.manifest.name + (" (default)" if b.manifest.name == DEFAULT_MODEL else ""),
            "version": b.manifest.version,
            "MB": b.num_bytes / 1e6,
            "decoder": b.manifest.architecture,
            "encoder": b.manifest.encoder.name,
            "CIDEr": b.manifest.scores["scores"]["CIDEr"],
            "BLEU-4": b.manifest.scores["scores"]["BLEU-4"],
        }
        for b in bundles
    ]
    click.echo(console.table(lines))
    for bundle in bundles:
        manifest = bundle.manifest
        click.echo(f"\n{manifest.name}: {manifest.scores['signatures']['CIDEr']}")
        click.echo(f"  made by: {manifest.training['command']}")
