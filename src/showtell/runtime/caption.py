"""What a model says of a photo, and the record of it that CLI, Python, HTTP and files share.

`record.schema.json` beside this file states the record for machines.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from showtell.config import BeamConfig
from showtell.runtime.concepts import Concept

Record = dict[str, Any]
FIELDS = (
    *("path", "caption", "confidence", "log_prob", "candidates", "concepts", "width", "height"),
    *("sha256", "model", "decoding", "elapsed_ms", "status", "error", "notes"),
)


class Note(NamedTuple):
    """Something to know of a record: `animation`, `identical`, `uncertain`, `exists`."""

    code: str
    message: str


class ModelInfo(NamedTuple):
    """Which model it was."""

    name: str
    version: str
    sha256: str  # of the whole model


@dataclass(frozen=True)
class Candidate:
    """One of the sentences that the search considered."""

    text: str
    log_prob: float  # of the whole sentence, nats
    # What ranks, the higher the better: with `decoding.chooser` the chooser's score; else with
    # `decoding.consensus` the agreement with the others, 0 to 1; else the log-probability divided
    # by ((5 + words) / 6) ** length_penalty.
    score: float
    finished: bool  # whether the decoder ended it, or `max_length` cut it off

    def to_dict(self) -> dict[str, Any]:
        """Give what a record says of it."""
        return {
            "caption": self.text,
            "log_prob": round(self.log_prob, 4),
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What a model says of one photo."""

    text: str  # a sentence
    log_prob: float  # nats
    confidence: float | None  # probability that it is a good description; None: not calibrated
    candidates: tuple[Candidate, ...]  # best score first; the first is this caption
    concepts: tuple[Concept, ...]  # what the photo shows, likeliest first; (): not known
    width: int  # pixels of the photo, upright
    height: int
    frame: tuple[int, int] | None  # of an animation: which picture, from 1, of how many
    model: ModelInfo
    decoding: BeamConfig  # how it was searched for

    def to_dict(self, *, num_captions: int | None = None) -> Record:
        """Give the published record, ready for JSON.

        What only a file has, `path`, `sha256` and `elapsed_ms`, is None.

        Args:
            num_captions: candidates in it; all that were found if not given.
        """
        return dict.fromkeys(FIELDS) | {
            "caption": self.text,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "log_prob": round(self.log_prob, 4),
            "candidates": [one.to_dict() for one in self.candidates[:num_captions]],
            "concepts": [
                {"word": c.word, "probability": round(c.probability, 4)} for c in self.concepts
            ],
            "width": self.width,
            "height": self.height,
            "model": self.model._asdict(),
            "decoding": asdict(self.decoding),
            "status": "ok",
            "notes": [note._asdict() for note in self._notes()],
        }

    def _notes(self) -> list[Note]:
        if self.frame is None:
            return []
        number, count = self.frame
        return [Note("animation", f"picture {number} of {count}")]
