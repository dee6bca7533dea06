"""What a study has found so far: one result a finished run, kept in `study.json`.

A result is read from a run's folder once and says all that the table needs, so folders may be
deleted, and a study goes on elsewhere from its `study.json` alone.
"""

import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from showtell.config import Config, from_dict, same_settings
from showtell.data.reading.caption_files import read_captions
from showtell.errors import CheckpointError, ConfigError
from showtell.files import sha256_hex
from showtell.metrics import diversity
from showtell.training.checkpoint import load_checkpoint
from showtell.training.description import read_description
from showtell.training.epochs import TrainingState
from showtell.training.run import RunFolder, load_run


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run in numbers: of its best epoch, on the validation split."""

    system: str
    seed: int
    config: dict[str, Any]
    data: dict[str, Any]  # hashes of the splits it saw
    scores: dict[str, float]  # percent
    signatures: dict[str, str]
    best_epoch: int
    epochs: int
    val_loss: float  # nats per token
    parameters: int
    epoch_s: float  # the median epoch's training, on `device`
    distinct_words: int
    distinct_captions: int
    device: str
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """What its folder is called."""
        return run_name(self.system, self.seed)

    @property
    def perplexity(self) -> float:
        """exp of the loss: between how many words the model hesitates, on average."""
        return math.exp(self.val_loss)

    def is_of(self, config: Config) -> bool:
        """Whether it was trained with these settings, the seed apart."""
        return same_settings({**self.config, "seed": config.seed}, config)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        digest = sha256_hex(json.dumps(self.config, sort_keys=True).encode())
        return {
            "run": self.name,
            "config_sha256": digest,
            "perplexity": round(self.perplexity, 4),
            **asdict(self),
        }


def run_name(system: str, seed: int) -> str:
    """Name the folder of a run."""
    return f"{system}-{seed}"


def read_result(folder: RunFolder, config: Config) -> RunResult | None:
    """Read the result of a run; None if it has not finished, or is another than of `config`.

    Raises:
        CheckpointError: the folder holds no run, or its files are damaged.
    """
    made = read_description(folder.config)
    if not same_settings(made["config"], config) or made.get("init"):
        return None
    state = TrainingState(**load_checkpoint(folder.last)[1]["state"])
    if not state.finished(config):
        return None
    run = load_run(folder.path)
    captions = [text for entry in read_captions(folder.val_captions) for text in entry.texts]
    described = diversity(captions)
    best = state.history[state.best_epoch - 1]
    return RunResult(
        system=config.name,
        seed=config.seed,
        config=config.to_dict(),
        data=run.provenance["splits"],
        scores=run.scores["scores"],
        signatures=run.scores["signatures"],
        best_epoch=state.best_epoch,
        epochs=len(state.history),
        val_loss=best["val_loss"],
        parameters=sum(p.numel() for p in run.writer()[0].parameters()),
        epoch_s=statistics.median(entry["train_s"] for entry in state.history),
        distinct_words=described.vocabulary,
        distinct_captions=described.distinct,
        device=run.provenance["device"],
        versions=run.provenance["versions"],
    )


@dataclass
class Results:
    """The results of a study, in the order in which its runs finished."""

    path: Path  # study.json
    runs: list[RunResult] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what an earlier call has kept, if there was one.

        Raises:
            CheckpointError: the file is damaged.
        """
        if not path.exists():
            return cls(path)
        try:
            runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
            return cls(path, [_parse(run) for run in runs])
        except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
            raise CheckpointError(
                f"{path} does not hold the results of a study ({error!r}); restore it, or move it "
                "away: finished runs are read again from their folders"
            ) from error

    def find(self, config: Config) -> RunResult | None:
        """Give the result of the run with these settings and this seed, if it is known."""
        return next((run for run in self.of(config) if run.seed == config.seed), None)

    def of(self, config: Config) -> list[RunResult]:
        """Give the results of one system, by seed, whatever the seed of `config`.

        Runs of that name with other settings are left out.
        """
        found = [run for run in self.runs if run.is_of(config)]
        return sorted(found, key=lambda run: run.seed)

    def add(self, result: RunResult) -> None:
        """Keep a result; one of the same name, with other settings, is replaced."""
        self.runs = [run for run in self.runs if run.name != result.name] + [result]

    def check_data(self, splits: Mapping[str, Any]) -> None:
        """Refuse to mix runs on different data in one table.

        Raises:
            CheckpointError: a kept result is of other data.
        """
        for run in self.runs:
            if run.data != splits:
                raise CheckpointError(
                    f"{self.path} holds {run.name}, which was trained on other data; choose "
                    "another --out"
                )


def _parse(run: dict[str, Any]) -> RunResult:
    known = {f.name for f in fields(RunResult)}  # what `to_dict` adds is left out
    return from_dict(RunResult, {key: value for key, value in run.items() if key in known})
