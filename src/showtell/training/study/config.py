"""A study's TOML file: settings that all systems share, and what each changes.

    name = "study"
    seeds = [1, 2, 3]
    [base.encoder]                # and [base.decoder], [base.training], [base.decoding]: as in
    name = "efficientnet-lite2"   # the config of a single run
    [systems.merge]
    decoder.architecture = "merge"
    [systems.topdown]
    encoder.features = "grid"
    decoder = {architecture = "topdown", hidden_dim = 512}
    [published]                   # for the picture only
    source = "Tanti et al. 2017, on test"
    cider = {merge = 46.9}

Knows nothing of PyTorch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from showtell.config import Config, from_dict, overlay, read_toml
from showtell.errors import ConfigError, suggest

RUN_KEYS = ("name", "seed")  # settings of a run that the study decides


@dataclass(frozen=True, kw_only=True)
class Published:
    """Scores of others, drawn beside ours."""

    source: str = "published"  # who measured, and on what
    cider: dict[str, float] = field(default_factory=dict)  # system -> percent

    def __post_init__(self) -> None:
        for system, value in self.cider.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigError(f"published.cider.{system} must be a number, got {value!r}")


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """Which systems are trained, with which seeds."""

    name: str = "study"
    seeds: tuple[int, ...] = (1, 2, 3)  # the sd of fewer than 3 says little
    base: dict[str, Any] = field(default_factory=dict)
    systems: dict[str, Any] = field(default_factory=dict)  # name -> what differs from `base`
    published: Published = field(default_factory=Published)

    def __post_init__(self) -> None:
        Config(name=self.name)  # refuses what cannot be the name of a folder
        _check_seeds(self.seeds)
        if not self.systems:
            raise ConfigError("a study needs at least one system: a section [systems.NAME]")
        for system in self.systems:
            for seed in self.seeds:
                self._check(system, seed)
        for system in self.published.cider:
            self._require(system, "published.cider names")

    def config(self, system: str, seed: int) -> Config:
        """Give the settings of one run.

        Raises:
            ConfigError: a setting is unknown or bad, or the name cannot be that of a folder.
        """
        changes = self.systems[system]
        if not isinstance(changes, dict):
            raise ConfigError(f"systems.{system} must be a section, got {changes!r}")
        built = _build(overlay(self.base, changes), where=f"systems.{system}.")
        try:
            return replace(built, name=system, seed=seed)
        except ConfigError as error:
            raise ConfigError(f"system {system!r}: {error}") from error

    def select(self, only: Sequence[str] = (), seeds: Sequence[int] = ()) -> list[Config]:
        """List the runs: every system with the first seed, then with the next.

        Args:
            only: names of systems; all if none is given.
            seeds: instead of the study's own.

        Raises:
            ConfigError: there is no system of a name, or a seed is bad.
        """
        for system in only:
            self._require(system, "there is no system")
        if seeds:
            _check_seeds(seeds)
        systems = [name for name in self.systems if name in only or not only]
        return [self.config(name, seed) for seed in seeds or self.seeds for name in systems]

    def _check(self, system: str, seed: int) -> None:
        """Refuse settings of a run; those that are wrong in the base are told as the base's.

        Only what a system makes of the base is asked to fit together: the base need not.
        """
        try:
            self.config(system, seed)
        except ConfigError as error:
            try:
                _build(self.base, where="base.")
            except ConfigError as of_base:
                if str(of_base).replace("base", f"systems.{system}", 1) == str(error):
                    raise of_base from error
            raise

    def _require(self, system: str, what: str) -> None:
        if system not in self.systems:
            raise ConfigError(f"{what} {system!r}. {suggest(system, self.systems)}")


def load_study(path: Path) -> StudyConfig:
    """Read a study's TOML file.

    Raises:
        ConfigError: the file is missing or not TOML, or a setting is unknown or bad.
    """
    values = read_toml(path)
    try:
        return from_dict(StudyConfig, values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise ConfigError("a study needs at least 1 seed, got none; 3 or more are advised")
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"each seed may be given once, got {', '.join(map(str, seeds))}")


def _build(values: dict[str, Any], *, where: str) -> Config:
    for key in RUN_KEYS:
        if key in values:
            raise ConfigError(
                f"{where}{key}: a study names and seeds its runs itself; leave it out"
            )
    try:
        return from_dict(Config, values, where=where)
    except ConfigError as error:
        section = where.rstrip(".")
        raise error if section in str(error) else ConfigError(f"{section}: {error}") from error
