"""A recipe's TOML file: settings that all stages share, and the stages in their order.

    name = "base"
    seed = 1
    [base.encoder]                  # and [base.decoder] and so on: as in the config of one run
    name = "efficientnet-lite2"
    [stages.cross-entropy]
    training.max_epochs = 10
    [stages.fine-tune]
    finetuning.from_epoch = 1
    [stages.fine-tune-again]
    begin = ["cross-entropy"]       # the weights it begins with; default: of the stage before
    seed = 2
    finetuning.from_epoch = 1
    [stages.distil]
    begin = ["fine-tune", "fine-tune-again"]     # of several: their mean
    teachers = ["fine-tune", "fine-tune-again"]  # whose predictions it learns from
    distillation.weight = 0.5

The config of a single run, without `stages`, is a recipe of one stage without a name.

Knows nothing of PyTorch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from showtell.config import (
    Config,
    DistillationConfig,
    apply_overrides,
    from_dict,
    overlay,
    read_toml,
)
from showtell.errors import ConfigError, suggest

STAGE_KEYS = ("begin", "teachers")  # of a stage, beside the settings of a run


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One run of a recipe."""

    name: str  # of its folder; empty: the recipe's own
    config: Config
    begin: tuple[str, ...] = ()  # earlier stages whose weights, or their mean, it begins with
    teachers: tuple[str, ...] = ()  # earlier stages whose predictions it learns from


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Stages in the order in which they are trained."""

    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True)
class _File:
    name: str = "recipe"
    seed: int = 1
    base: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, Any] = field(default_factory=dict)


def load_recipe(
    path: Path | None, overrides: Sequence[str] = (), *, base: Config | None = None
) -> Recipe:
    """Read a recipe, or the config of a single run.

    Args:
        path: none for the settings of `base`, or the defaults.
        overrides: such as `"training.batch_size=32"`. They hold for every stage; those that name
            one, such as `"stages.fine-tune.training.max_epochs=3"`, for that one alone, and win.
            `"seed=3"` is for stages without a seed of their own.

    Raises:
        ConfigError: the file is missing or not TOML, a setting is unknown or bad, or a stage
            begins with one that does not come before it.
    """
    values = read_toml(path) if path else _of_run(base) if base else {}
    try:
        if "stages" not in values:
            config = from_dict(Config, apply_overrides(values, overrides))
            return Recipe(name=config.name, stages=(Stage(name="", config=config),))
        of_file = [text for text in overrides if "." not in text.partition("=")[0]]
        file = from_dict(_File, apply_overrides(values, of_file))
        of_stages = [text for text in overrides if text not in of_file]
        return Recipe(name=file.name, stages=tuple(_stages(file, of_stages)))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}" if path else str(error)) from error


def _of_run(base: Config) -> dict[str, Any]:
    """Settings to go on with: what it learned from teachers it has learned."""
    return replace(base, distillation=DistillationConfig()).to_dict()


def _stages(file: _File, overrides: Sequence[str]) -> Iterator[Stage]:
    if not file.stages:
        raise ConfigError("a recipe needs at least one stage: a section [stages.NAME]")
    of_all, of_stage = _sort(overrides, file.stages)
    earlier: list[str] = []
    for name, changes in file.stages.items():
        where = f"stages.{name}"
        if not isinstance(changes, dict):
            raise ConfigError(f"{where} must be a section, got {changes!r}")
        if "." in name:  # `--set stages.NAME.key=value` could not say it
            raise ConfigError(f"{where}: the name of a stage has no dot")
        Config(name=name)  # refuses what cannot be the name of a folder
        settings = {key: value for key, value in changes.items() if key not in STAGE_KEYS}
        values = overlay({"name": file.name, "seed": file.seed, **file.base}, settings)
        values = apply_overrides(values, [*of_all, *of_stage.get(name, ())])
        stage = Stage(
            name=name,
            config=from_dict(Config, values, where=f"{where}."),
            begin=_names(changes, "begin", earlier[-1:], earlier, where),
            teachers=_names(changes, "teachers", (), earlier, where),
        )
        if bool(stage.teachers) != (stage.config.distillation.weight > 0):
            raise ConfigError(f"{where}: teachers and distillation.weight go together")
        yield stage
        earlier.append(name)


def _sort(
    overrides: Sequence[str], stages: Mapping[str, Any]
) -> tuple[list[str], dict[str, list[str]]]:
    """Tell overrides of all stages from those of one, which lose their `stages.NAME.`."""
    of_all: list[str] = []
    of_stage: dict[str, list[str]] = {}
    for text in overrides:
        if not text.startswith("stages."):
            of_all.append(text)
            continue
        name, _, setting = text.removeprefix("stages.").partition(".")
        if name not in stages:
            raise ConfigError(f"no stage {name!r} for {text!r}. {suggest(name, stages)}")
        of_stage.setdefault(name, []).append(setting)
    return of_all, of_stage


def _names(
    changes: Mapping[str, Any],
    key: str,
    default: Sequence[str],
    earlier: Sequence[str],
    where: str,
) -> tuple[str, ...]:
    names = changes.get(key, default)
    if not isinstance(names, list | tuple):
        raise ConfigError(f"{where}.{key} must be a list of stages, got {names!r}")
    for name in names:
        if name not in earlier:
            raise ConfigError(
                f"{where}.{key}: {name!r} is no stage before it. {suggest(str(name), earlier)}"
            )
    return tuple(names)
