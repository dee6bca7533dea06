"""`showtell features`."""

from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import PATH, cache_option, no_progress_option, settings_option

EPILOG = """\b
Examples:
  showtell features flickr8k --encoder efficientnet-lite2
  showtell features flickr8k --encoder efficientnet-lite0 --image-size 224 --kind grid
  showtell features flickr8k --encoder keras:Xception --image-size 299
  showtell features flickr8k --encoder keras:VGG16 --weights vgg16.weights.h5
  showtell features flickr8k --encoder onnx:backbone.onnx --set encoder.mean="[0, 0, 0]"
  showtell features flickr8k --config configs/topdown.toml

Encoders: efficientnet-lite0, -lite1 and -lite2, keras:Xception, keras:InceptionV3,
keras:ResNet50, keras:VGG16, timm:NAME and onnx:PATH. docs/encoders.md tells of each.

`showtell train` computes what is missing by itself; this does it ahead of time.
"""


@click.command("features", epilog=EPILOG)
@click.argument("data_dir", type=PATH, metavar="DATA")
@click.option(
    "--config", "config_path", type=PATH, metavar="CONFIG.toml", help="Take its [encoder]."
)
@settings_option
@click.option("--encoder", metavar="NAME", help="[default: efficientnet-lite2]")
@click.option("--image-size", type=int, metavar="N", help="Pixels, square  [default: 224]")
@click.option(
    "--kind",
    type=click.Choice(["pooled", "grid"]),
    help="One vector a photo, or one for each location  [default: pooled]",
)
@click.option(
    "--weights",
    metavar="FILE",
    help="Weights from a file, or `random`  [default: the pretrained ones]",
)
@click.option("--split", "splits", multiple=True, help="Only this split; may be given again.")
@cache_option
@no_progress_option
def command(
    data_dir: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    encoder: str | None,
    image_size: int | None,
    kind: str | None,
    weights: str | None,
    splits: tuple[str, ...],
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Compute the CNN's features of a dataset's pictures and keep them.

    A run that is stopped keeps what it has computed; the next goes on from there.
    """
    from showtell.config import load_config, override
    from showtell.data.sources import load_dataset
    from showtell.extras import require_extra

    asked = {"name": encoder, "image_size": image_size, "features": kind, "weights": weights}
    config = override(load_config(config_path, settings).encoder, asked)
    dataset = load_dataset(data_dir)
    # Without --split: all pictures that are there, whatever else a split may lack.
    records = [
        record
        for name in (splits or dataset.splits)
        for record in (dataset.require(name) if splits else dataset.splits[name].records)
    ]
    require_extra("train", purpose="computing features")
    from showtell.training.features import compute_features

    with console.progress_bar(enabled=not no_progress) as bar:
        cache, _ = compute_features(
            records, config, cache_dir=cache_dir, progress=bar.stage("features")
        )
    locations, width = cache.shape
    console.say(
        f"{len(records)} pictures, {locations} × {width} numbers each, float16, in {cache.path}"
    )
