"""`showtell train`."""

import shlex
from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    cache_option,
    data_option,
    device_option,
    no_progress_option,
    settings_option,
)

EPILOG = """\b
Examples:
  showtell train --data flickr8k                   the model `merge`, as it came with the install
  showtell train configs/merge.toml --data flickr8k
  showtell train configs/merge.toml --data flickr8k --set training.max_epochs=3 --out runs/short
  showtell train configs/merge.toml --data flickr8k --seed 2 --out runs/merge-2
  showtell train --data photos                     pictures with a .txt beside each
  showtell train --data photos --init-from runs/merge --out runs/mine
  showtell train configs/flagship.toml --data flickr8k   a recipe: stage after stage
  showtell train configs/flagship.toml --data flickr8k --photos pictures --text sentences.txt.gz
  torchrun --nproc-per-node 4 -m showtell train configs/topdown.toml --data flickr8k

A run that was interrupted goes on from its last checkpoint when the same command is given again.
"""


@click.command("train", epilog=EPILOG, short_help="Train a captioner on a dataset.")
@click.argument("config_path", type=PATH, metavar="[CONFIG.toml]", required=False)
@data_option
@click.option("--out", type=PATH, metavar="DIR", help="Run folder  [default: runs/NAME]")
@click.option("--seed", type=int, metavar="N", help="Random seed, instead of the config's.")
@settings_option
@click.option(
    "--init-from",
    type=PATH,
    metavar="RUN",
    multiple=True,
    help="Begin with the weights and words of another run's best epoch; its settings too, where "
    "no CONFIG is given. Given again: with the mean of several runs' weights.",
)
@click.option(
    "--teacher",
    type=PATH,
    multiple=True,
    metavar="RUN",
    help="Learn what this run expects, as distillation.weight says; may be given again.",
)
@click.option(
    "--photos",
    "photos_dir",
    type=PATH,
    metavar="DIR",
    help="Any pictures, without captions, for a stage that learns to recognise "
    "(recognition.min_count), so that it forgets nothing of what the encoder knew; and to stand "
    "beside the sentences of --text.",
)
@click.option(
    "--text",
    "text_path",
    type=PATH,
    metavar="FILE",
    help="Sentences without photos, one a line, plain or gzipped, for a stage that learns from "
    "them (text.sentences). Left out: it learns from captions alone.",
)
@click.option(
    "--pseudo-captions",
    "pseudo_captions_path",
    type=PATH,
    metavar="FILE",
    help="What a model says of the pictures of --photos, as `showtell DIR --json` writes it: "
    "captions of at least pseudo_captions.min_confidence are learned from as if people had "
    "written them.",
)
@device_option
@click.option("--force", is_flag=True, help="Delete the run that DIR holds and begin anew.")
@click.option("--tensorboard", is_flag=True, help="Write TensorBoard logs to DIR/tensorboard too.")
@cache_option
@no_progress_option
@click.pass_obj
def command(
    arguments: list[str],
    config_path: Path | None,
    data_dir: Path,
    out: Path | None,
    seed: int | None,
    settings: tuple[str, ...],
    init_from: tuple[Path, ...],
    teacher: tuple[Path, ...],
    photos_dir: Path | None,
    text_path: Path | None,
    pseudo_captions_path: Path | None,
    device: str,
    force: bool,
    tensorboard: bool,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Train a captioner on a dataset; keep the epoch with the best validation CIDEr.

    Where the config says recognition.min_count, train the encoder to name what it sees.
    """
    from showtell.extras import require_extra

    require_extra("train", purpose="training")
    from showtell.cli.training_events import series_events
    from showtell.training.calls import train

    with series_events("the run", no_progress=no_progress) as events:
        trained = train(
            config_path,
            data=data_dir,
            out=out,
            seed=seed,
            settings=settings,
            init_from=init_from,
            teacher=teacher,
            photos=photos_dir,
            text=text_path,
            pseudo_captions=pseudo_captions_path,
            device=device,
            force=force,
            tensorboard=tensorboard,
            cache_dir=cache_dir,
            command=shlex.join(["showtell", *arguments]),
            events=events,
        )
    run, state = trained.run, trained.state
    best = f"best epoch {state.best_epoch} with"
    if trained.recognises:
        console.say(f"{best} loss {state.best_loss:.3f} on val; run in {run}")
        return
    console.say(
        f"{best} CIDEr {state.best_cider:.1f}; run in {run}",
        f"next: showtell evaluate {run} --data {data_dir}   or: showtell export {run}",
    )
