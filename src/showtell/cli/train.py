"""`showtell train`."""

import shlex
from contextlib import ExitStack
from pathlib import Path

import click

from showtell.cli import console
from showtell.cli.options import (
    PATH,
    cache_option,
    data_option,
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
  torchrun --nproc-per-node 4 -m showtell train configs/topdown.toml --data flickr8k

A run that was interrupted goes on from its last checkpoint when the same command is given again.
"""


@click.command("train", epilog=EPILOG)
@click.argument("config_path", type=PATH, metavar="[CONFIG.toml]", required=False)
@data_option
@click.option("--out", type=PATH, metavar="DIR", help="Run folder  [default: runs/NAME]")
@click.option("--seed", type=int, metavar="N", help="Random seed, instead of the config's.")
@settings_option
@click.option(
    "--init-from",
    type=PATH,
    metavar="RUN",
    help="Begin with the weights and words of another run's best epoch; its settings too, where "
    "no CONFIG is given.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
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
    init_from: Path | None,
    device: str,
    force: bool,
    tensorboard: bool,
    cache_dir: Path | None,
    no_progress: bool,
) -> None:
    """Train a captioner on a dataset; keep the epoch with the best validation CIDEr."""
    from showtell.config import load_config
    from showtell.extras import require_extra

    overrides = settings if seed is None else (*settings, f"seed={seed}")
    require_extra("train", purpose="training")
    if tensorboard:
        require_extra("tensorboard", purpose="--tensorboard")
    from showtell.cli.training_events import describe_data, training_events
    from showtell.training.processes import joined
    from showtell.training.run import load_run
    from showtell.training.train import choose_device, load_training_data, train_captioner

    init = load_run(init_from) if init_from else None
    config = load_config(config_path, overrides, base=init.config if init else None)
    out = out or Path("runs") / config.name
    with joined(choose_device(device)) as processes, ExitStack() as stack:
        bar = stack.enter_context(console.progress_bar(enabled=not no_progress))
        data = load_training_data(
            config, data_dir, init=init, cache_dir=cache_dir, progress=bar.stage("features")
        )
        for note in data.notes:
            console.say(note)
        console.say(f"{describe_data(data)}; device {processes.device}")
        interrupted = stack.enter_context(console.interrupt_flag())
        try:
            state = train_captioner(
                config,
                data,
                out,
                processes=processes,
                init=init,
                command=shlex.join(["showtell", *arguments]),
                force=force,
                tensorboard=tensorboard,
                events=training_events(bar, should_stop=interrupted),
            )
        except KeyboardInterrupt:
            console.say(f"the run in {out} is kept; the same command goes on with it")
            raise
    console.say(
        f"best epoch {state.best_epoch} with CIDEr {state.best_cider:.1f}; run in {out}\n"
        f"next: showtell evaluate {out} --data {data_dir}   or: showtell export {out}"
    )
