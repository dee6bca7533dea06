"""`train`, `study` and `export`: the work of the commands of these names, as calls.

Importing this module loads no PyTorch: where it is missing, a call says what to install.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from showtell.bundle import Bundle, load_bundle, save_bundle
from showtell.data.pseudo_captions import read_pseudo_captions
from showtell.data.sources import load_dataset
from showtell.data.text import read_text
from showtell.errors import ConfigError
from showtell.extras import require_extra
from showtell.progress import Stages, no_stages, stage
from showtell.training.study.config import StudyConfig, load_study

if TYPE_CHECKING:
    from showtell.exporting.parity import Parity
    from showtell.training.epochs import TrainingState
    from showtell.training.series import SeriesEvents
    from showtell.training.stages.config import Recipe
    from showtell.training.study.report import StudyFolder
    from showtell.training.study.results import Results

AnyPath = str | PathLike[str]


@dataclass(frozen=True)
class Trained:
    """What a training came to."""

    run: Path  # its folder; of a recipe, that of the last stage
    state: "TrainingState"  # epochs, scores, which was best
    recognises: bool  # it is an encoder that names what it sees: it has a loss, and no CIDEr


@dataclass(frozen=True)
class Studied:
    """What a study came to."""

    folder: "StudyFolder"  # table, JSON and picture
    results: "Results"


@dataclass(frozen=True)
class ExportedBundle:
    """A bundle that was written."""

    bundle: Bundle  # as it was read back
    parity: "Parity"  # how far the decoder's graphs are from PyTorch
    features_error: float  # of the encoder's, a share
    checkpoint: dict[str, float]  # the run's own scores


def train(
    config: AnyPath | None = None,
    *,
    data: AnyPath,
    out: AnyPath | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
    init_from: Sequence[AnyPath] = (),
    teacher: Sequence[AnyPath] = (),
    photos: AnyPath | None = None,
    text: AnyPath | None = None,
    pseudo_captions: AnyPath | None = None,
    device: str = "auto",
    force: bool = False,
    tensorboard: bool = False,
    cache_dir: AnyPath | None = None,
    command: str = "",
    events: "SeriesEvents | None" = None,
) -> Trained:
    """Train a captioner, or the stages of a recipe, as `showtell train` does.

    A run that was interrupted goes on from its last checkpoint when it is called again.

    Args:
        config: a TOML file; the settings of `merge`, or of `init_from`, if not given.
        data: a dataset.
        out: the run's folder; `runs/NAME` if not given.
        seed: instead of the config's.
        settings: changes of the config, each written `section.key=value`.
        init_from: runs to begin with; of several, with the mean of their weights.
        teacher: runs to learn from, as `distillation.weight` says.
        photos: a folder of pictures without captions, for stages that learn to recognise.
        text: a file of sentences without photos, for stages that learn from text.
        pseudo_captions: a file of records, what a model says of `photos`, to learn from too.
        device: auto, cpu or cuda.
        force: delete the run that `out` holds.
        tensorboard: write its logs too.
        cache_dir: where features are kept.
        command: what to keep with the run of how it was asked for.
        events: what to call while it goes on, and what to ask whether to stop.

    Raises:
        ConfigError, DataError, ImageError, CheckpointError, MissingExtraError: the message says
            what cannot be used.
        KeyboardInterrupt: `events.training.should_stop` said so; the run can go on later.
    """
    require_extra("train", purpose="training")
    if tensorboard:
        require_extra("tensorboard", purpose="--tensorboard")
    from showtell.training.precision import has_bfloat16
    from showtell.training.processes import joined
    from showtell.training.run import average, load_run
    from showtell.training.series import SeriesEvents
    from showtell.training.stages.config import load_recipe
    from showtell.training.stages.run import run_recipe
    from showtell.training.train import choose_device

    events = events or SeriesEvents()
    overrides = tuple(settings) if seed is None else (*settings, f"seed={seed}")
    init = average([load_run(Path(path)) for path in init_from]) if init_from else None
    path = Path(config) if config else None
    recipe = load_recipe(path, overrides, base=init.config if init else None)
    _check_recipe(recipe, force=force, has_teacher=bool(teacher))
    folder = Path(out) if out else Path("runs") / recipe.name
    chosen = choose_device(device)
    wants_bfloat16 = any(one.config.training.precision == "bfloat16" for one in recipe.stages)
    if wants_bfloat16 and not has_bfloat16(chosen):
        events.note("this CPU has no bfloat16: training in float32")
    events.place(folder, chosen.type)
    with joined(chosen) as processes:
        state = run_recipe(
            recipe,
            Path(data),
            folder,
            processes=processes,
            init=init,
            teachers=tuple(load_run(Path(path)) for path in teacher),
            text=read_text(Path(text)) if text else None,
            photos_dir=Path(photos) if photos else None,
            pseudo_captions=read_pseudo_captions(Path(pseudo_captions))
            if pseudo_captions
            else None,
            command=command,
            force=force,
            tensorboard=tensorboard,
            cache_dir=Path(cache_dir) if cache_dir else None,
            events=events,
        )
    last = recipe.stages[-1]
    return Trained(folder / last.name, state, last.config.recognises)


def _check_recipe(recipe: "Recipe", *, force: bool, has_teacher: bool) -> None:
    if not recipe.stages[0].name:
        return
    if force:
        raise ConfigError(
            "of a recipe, delete the folders of the stages that are to be trained anew"
        )
    if has_teacher:
        raise ConfigError("a recipe names the teachers of its stages itself; leave out --teacher")


def study(
    config: AnyPath,
    *,
    data: AnyPath | None = None,
    out: AnyPath | None = None,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    report_only: bool = False,
    device: str = "auto",
    cache_dir: AnyPath | None = None,
    command: str = "",
    events: "SeriesEvents | None" = None,
) -> Studied:
    """Train several systems with several seeds each, as `showtell study` does.

    Args:
        config: the study's TOML file.
        data: a dataset; not needed with `report_only`.
        out: where to work; `runs/NAME` if not given.
        only: names of systems to train now; all if none is given.
        seeds: to train now, instead of the study's own.
        report_only: train nothing; write the table of what is there.
        device, cache_dir, command, events: as `train`.

    Raises:
        ConfigError, DataError, ImageError, CheckpointError, MissingExtraError: the message says
            what cannot be used.
        KeyboardInterrupt: `events.training.should_stop` said so; the study can go on later.
    """
    plan = check_study(config, data=data, only=only, seeds=seeds, report_only=report_only)
    require_extra("train", purpose="a study")
    folder = Path(out) if out else Path("runs") / plan.name
    from showtell.training.study.report import StudyFolder
    from showtell.training.study.run import report_study, run_study
    from showtell.training.train import choose_device

    if report_only or data is None:
        return Studied(StudyFolder(folder), report_study(plan, folder))
    chosen = choose_device(device)
    if events:
        events.place(folder, chosen.type)
    results = run_study(
        plan,
        Path(data),
        folder,
        device=chosen,
        only=only,
        seeds=seeds,
        cache_dir=Path(cache_dir) if cache_dir else None,
        command=command,
        events=events,
    )
    return Studied(StudyFolder(folder), results)


def check_study(
    config: AnyPath,
    *,
    data: AnyPath | None,
    only: Sequence[str],
    seeds: Sequence[int],
    report_only: bool,
) -> StudyConfig:
    """Read a study's file, and see that what is asked of `study` goes together.

    Raises:
        ConfigError: it does not.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ConfigError("a study is one process; `showtell train` runs under torchrun")
    plan = load_study(Path(config))
    if report_only and (only or seeds):
        raise ConfigError("--report-only trains nothing: leave out --only and --seeds")
    if not report_only and data is None:
        raise ConfigError("to train, give --data DATA; --report-only needs none")
    return plan


def export(
    run: AnyPath,
    *,
    out: AnyPath | None = None,
    precision: str = "float16",
    data: AnyPath | None = None,
    progress: Stages = no_stages,
) -> ExportedBundle:
    """Turn a run into one self-contained bundle, as `showtell export` does.

    Args:
        run: the run's folder.
        out: a file NAME.bundle, or else a folder; `NAME.bundle` here if not given.
        precision: how weights are stored: float16, float32, or int8, for which `data` is needed.
        data: a dataset, on whose split `val` the bundle is scored.
        progress: called with the name of a stage, and how much of it is done.

    Raises:
        CheckpointError, DataError, ImageError, MissingExtraError: the run or the dataset cannot be
            used.
        ConfigError: there is no such precision, or it needs photos.
        BundleError: the graphs differ from PyTorch by more than rounding explains.
    """
    require_extra("train", purpose="exporting")
    from showtell.runtime.captioner import Captioner
    from showtell.runtime.evaluate import evaluate_bundle
    from showtell.training.export import TOLERANCES, export_run
    from showtell.training.run import load_run

    if precision not in TOLERANCES:
        raise ConfigError(f"precision must be one of {', '.join(TOLERANCES)}, got {precision!r}")
    trained = load_run(Path(run))
    if precision == "int8" and not data:
        raise ConfigError("--precision int8 needs --data: photos to calibrate on")
    dataset = load_dataset(Path(data)) if data else None
    records = dataset.require("val") if dataset else ()
    calibration = dataset.require("train") if dataset and precision == "int8" else ()
    exported = export_run(trained, precision=precision, calibration=calibration)
    path = Path(out) if out else Path(f"{trained.config.name}.bundle")
    save_bundle(path, exported.manifest, exported.files)
    if records:
        report, _ = evaluate_bundle(
            Captioner(load_bundle(path)),
            records,
            exported.manifest.decoding,
            progress=stage(progress, "scoring the bundle"),
        )
        scores = {
            "measured_on": "this bundle, ONNX Runtime",
            **report.to_dict(),
            "checkpoint": trained.scores["scores"],
        }
        save_bundle(path, replace(exported.manifest, scores=scores), exported.files)
    return ExportedBundle(
        load_bundle(path), exported.parity, exported.features_error, trained.scores["scores"]
    )
