"""`showtell train`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showtell.cli import console
from showtell.cli.options import PATH, cache_option, data_option, no_progress_option

if TYPE_CHECKING:
    from showtell.training.train import TrainingData

EPILOG = """\b
Examples:
  showtell train configs/merge.toml --data flickr8k
  showtell train configs/merge.toml --data flickr8k --set training.max_epochs=3 --out runs/short
  showtell train configs/merge.toml --data flickr8k --seed 2 --out runs/merge-2
  showtell train configs/merge.toml --data photos          pictures with a .txt beside each

A run that was interrupted goes on from its last checkpoint when the same command is given again.
"""


@click.command("train", epilog=EPILOG)
@click.argument("config", type=PATH, metavar="CONFIG.toml")
@data_option
@click.option("--out", type=PATH, metavar="DIR", help="Run folder  [default: runs/NAME]")
@click.option("--seed", type=int, metavar="N", help="Random seed, instead of the config's.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Change a setting of the config; may be given again.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
@click.option("--force", is_flag=True, help="Delete the run that DIR holds and begin anew.")
@cache_option
@no_progress_option
@click.pass_obj
def command(
    arguments: list[str],
    config: Path,
    data_dir: Path,
    out: Path | None,
    seed: int | None,
    settings: tuple[str, ...],
    device: str,
    force: bool,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Train a captioner on a dataset; keep the epoch with the best validation CIDEr."""
    from showtell.config import load_config
    from showtell.extras import require_extra

    overrides = settings if seed is None else (*settings, f"seed={seed}")
    loaded = load_config(config, overrides)
    require_extra("train", purpose="training")
    from showtell.training.loop import Events
    from showtell.training.train import choose_device, load_training_data, train_captioner

    out = out or Path("runs") / loaded.name
    chosen = choose_device(device)
    with console.progress_bar(enabled=not no_progress) as bar:
        data = load_training_data(
            loaded, data_dir, cache_dir=cache_dir, progress=bar.stage("features")
        )
        for note in data.notes:
            console.say(note)
        console.say(f"{_describe_data(data)}; device {chosen}")

        def on_epoch(entry: dict[str, Any]) -> None:
            bar.restart("epoch")
            bar.restart("validation")
            console.say(_describe(entry))

        with console.interrupt_flag() as interrupted:
            events = Events(
                batch=bar.stage("epoch"),
                validation=bar.stage("validation"),
                epoch=on_epoch,
                should_stop=interrupted,
            )
            try:
                state = train_captioner(
                    loaded,
                    data,
                    out,
                    device=chosen,
                    command=shlex.join(["showtell", *arguments]),
                    force=force,
                    events=events,
                )
            except KeyboardInterrupt:
                console.say(f"the run in {out} is kept; the same command goes on with it")
                raise
    console.say(
        f"best epoch {state.best_epoch} with CIDEr {state.best_cider:.1f}; run in {out}\n"
        f"next: showtell evaluate {out} --data {data_dir}   or: showtell export {out}"
    )


def _describe_data(data: "TrainingData") -> str:
    return (
        f"{len(data.train)} train images with {data.train.num_captions} captions, "
        f"{len(data.val)} val images; vocabulary {len(data.vocabulary)}, covers "
        f"{data.train_coverage:.1%} of train and {data.val_coverage:.1%} of val words"
    )


def _describe(entry: dict[str, Any]) -> str:
    scores = entry["scores"]
    return (
        f"epoch {entry['epoch']:>2}  loss {entry['train_loss']:.3f}  val {entry['val_loss']:.3f}  "
        f"CIDEr {scores['CIDEr']:.1f}  BLEU-4 {scores['BLEU-4']:.1f}  "
        f"{entry['distinct_captions']} distinct captions  {entry['train_s']:.0f} s"
        f"{'  best' if entry['best'] else ''}"
    )
