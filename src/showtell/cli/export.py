"""`showtell export`."""

from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import PATH, no_progress_option

EPILOG = """\b
Examples:
  showtell export runs/merge                          writes merge.bundle
  showtell export runs/merge --out models/merge       a folder, as the name ends in no .bundle
  showtell export runs/merge --data flickr8k          scores the bundle itself and records that
  showtell export runs/merge --data flickr8k --precision int8
"""


@click.command(
    "export", epilog=EPILOG, short_help="Turn a training run into a bundle that captions by itself."
)
@click.argument("run", type=PATH, metavar="RUN")
@click.option(
    "--out",
    type=PATH,
    metavar="PATH",
    help="A file NAME.bundle, or else a folder  [default: NAME.bundle]",
)
@click.option(
    "--precision",
    type=click.Choice(["float16", "float32", "int8"]),
    default="float16",
    show_default=True,
    help="How weights are stored; the arithmetic is float32. int8: the encoder computes in eight "
    "bits too, calibrated on photos of DATA's train.",
)
@click.option("--data", "data_dir", type=PATH, metavar="DATA", help="Score the bundle on this val.")
@no_progress_option
def command(
    run: Path,
    out: Path | None,
    precision: str,
    data_dir: Path | None,
    no_progress: bool,
) -> None:
    """Turn a training run into one self-contained bundle that captions without PyTorch.

    The exported graphs are checked against PyTorch before anything is written.
    """
    from showtell.training.calls import export

    with console.progress_bar(enabled=not no_progress) as bar:
        exported = export(run, out=out, precision=precision, data=data_dir, progress=bar.report)
    bundle = exported.bundle
    parts = ", ".join(f"{n} {len(d) / 1e6:.1f} MB" for n, d in bundle.graphs.items())
    found = bundle.manifest.scores["scores"]
    console.say(
        f"{bundle.path}: {bundle.num_bytes / 1e6:.1f} MB ({parts}), weights in {precision}",
        f"log-probabilities within {exported.parity.max_log_prob_error:.1e} nats of PyTorch; "
        f"{exported.parity.same_captions:.0%} of probes get the same caption; features within "
        f"{exported.features_error:.1%}",
        f"val CIDEr {found['CIDEr']:.1f}, measured on {bundle.manifest.scores['measured_on']}; "
        f"the checkpoint has {exported.checkpoint['CIDEr']:.1f}",
    )
