"""Training the runs of a study one after another, and writing its table after each.

A study may be killed at any moment: finished runs are kept, the one in hand goes on from its
checkpoint, and the table on disk is that of the runs that had finished.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from showtell.config import Config
from showtell.errors import CheckpointError, ConfigError
from showtell.models.build import check_decoder
from showtell.models.encoders import build_encoder
from showtell.training.data import TrainingData, load_training_data
from showtell.training.description import describe_run
from showtell.training.processes import Processes
from showtell.training.run import RunFolder, check_same_run, only_trainer_of
from showtell.training.series import SeriesEvents
from showtell.training.study.config import StudyConfig
from showtell.training.study.report import StudyFolder, write_report
from showtell.training.study.results import Results, RunResult, read_result, run_name
from showtell.training.train import train_captioner


def run_study(
    study: StudyConfig,
    data_dir: Path,
    out: Path,
    *,
    device: torch.device,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    cache_dir: Path | None = None,
    command: str = "",
    events: SeriesEvents | None = None,
) -> Results:
    """Train what has not finished yet, and write `study.json`, `study.md` and `study.png`.

    Args:
        only: names of systems to train now; all if none is given.
        seeds: to train now, instead of the study's own.
        command: how this was asked for; kept with each run for the record.

    Raises:
        CheckpointError: `out` holds a run or results of other settings or other data, or another
            process works on it.
        ConfigError: a setting is unknown or bad; found before any training where it can be.
        KeyboardInterrupt: `events.training.should_stop` said so; the study can go on later.
    """
    events = events or SeriesEvents()
    runs = study.select(only, seeds)
    with only_trainer_of(RunFolder(out)):
        results = Results.load(StudyFolder(out).json)
        pending = [config for config in runs if results.find(config) is None]
        load = _Loader(data_dir, cache_dir, events)
        _check(pending or runs[:1], out, results, load)
        if _has_any(results, study):  # its file may have changed since the table was written
            write_report(out, study, results)
        for config in pending:
            _raise_if_stopped(events)
            folder = _folder(out, config)
            events.begin(folder.path.name, runs.index(config) + 1, len(runs))
            train_captioner(
                config,
                load(config),
                folder.path,
                processes=Processes(device=device),
                command=command,
                events=events.training,
            )
            results.add(_result(folder, config))
            write_report(out, study, results)
    return results


def report_study(study: StudyConfig, out: Path) -> Results:
    """Write the table of what is there, from `study.json` and from finished runs; train nothing.

    Raises:
        CheckpointError: no run has finished, files are damaged, or runs are of different data.
    """
    if not out.is_dir():
        raise CheckpointError(f"{out} holds no finished run of this study")
    with only_trainer_of(RunFolder(out)):
        results = Results.load(StudyFolder(out).json)
        for config in study.select():
            folder = _folder(out, config)
            if results.find(config) is None and folder.last.exists():
                found = read_result(folder, config)
                if found:
                    results.add(found)
        if not _has_any(results, study):
            raise CheckpointError(f"{out} holds no finished run of this study")
        results.check_data(results.runs[0].data)
        write_report(out, study, results)
    return results


class _Loader:
    """Reads a dataset once for all runs that see it alike."""

    def __init__(self, data_dir: Path, cache_dir: Path | None, events: SeriesEvents) -> None:
        self._data_dir, self._cache_dir, self._events = data_dir, cache_dir, events
        self._loaded: dict[tuple[Any, ...], TrainingData] = {}

    def __call__(self, config: Config) -> TrainingData:
        key = _reads(config)
        if key not in self._loaded:
            self._loaded[key] = load_training_data(
                config, self._data_dir, cache_dir=self._cache_dir, progress=self._progress
            )
            if len(self._loaded) == 1:
                self._events.data(self._loaded[key])
        if config.finetuning.from_epoch:  # it learns in place: every run begins with its own
            return replace(self._loaded[key], encoder=build_encoder(config.encoder))
        return self._loaded[key]

    def _progress(self, done: int, total: int) -> None:
        self._events.features(done, total)
        _raise_if_stopped(self._events)  # what is encoded is kept


def _raise_if_stopped(events: SeriesEvents) -> None:
    if events.training.should_stop():
        raise KeyboardInterrupt


def _folder(out: Path, config: Config) -> RunFolder:
    return RunFolder(out / run_name(config.name, config.seed))


def _result(folder: RunFolder, config: Config) -> RunResult:
    result = read_result(folder, config)
    assert result is not None, folder
    return result


def _has_any(results: Results, study: StudyConfig) -> bool:
    return any(results.of(config) for config in study.select())


def _check(configs: Sequence[Config], out: Path, results: Results, load: _Loader) -> None:
    """Find out what would stop the study before hours of training, not after."""
    for config in configs:
        _check_decoder(config)
    for config in configs:
        data = load(config)  # all features before any training
        results.check_data(data.description["splits"])
        folder = _folder(out, config)
        if folder.config.exists() and not results.find(config):
            sha256 = data.encoder_sha256
            check_same_run(folder, describe_run(config, data.description, encoder_sha256=sha256))


def _check_decoder(config: Config) -> None:
    try:
        check_decoder(config)
    except ConfigError as error:
        raise ConfigError(f"system {config.name!r}: {error}") from error


def _reads(config: Config) -> tuple[Any, ...]:
    """What decides what is read of a dataset: words, features, and how photos are altered."""
    live = config.finetuning.from_epoch == 1
    altered = (config.finetuning, config.seed) if config.training.views > 1 else ()
    return config.encoder, config.training.min_count, config.training.views, altered, live
