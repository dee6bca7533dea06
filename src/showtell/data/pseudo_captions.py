"""Pseudo-captions: what a model says of photos that have no captions, to learn from as if people
had said it.

They come as the records that `showtell PHOTOS --json` writes, and belong to pictures by content.

Source: Lee 2013, "Pseudo-Label"; Kim and Rush 2016 (arXiv:1606.07947), section 3.2.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from showtell.errors import DataError
from showtell.files import sha256_hex


@dataclass(frozen=True)
class PseudoCaptions:
    """Captions of photos, and how sure the model was of each."""

    name: str  # of the file
    sha256: str  # of the file
    captions: dict[str, str]  # by the sha256 of the picture
    confidences: dict[str, float]  # likewise; 1 where the model gives none

    def sure(self, min_confidence: float) -> dict[str, str]:
        """Return the captions of at least this confidence, by the sha256 of the picture."""
        return {
            picture: caption
            for picture, caption in self.captions.items()
            if self.confidences[picture] >= min_confidence
        }

    def describe(self) -> dict[str, str | int]:
        """Name the file, for the record of a run that learns from it."""
        return {"name": self.name, "sha256": self.sha256, "captions": len(self.captions)}


def read_pseudo_captions(path: Path) -> PseudoCaptions:
    """Read a file of records, one a line; those of photos that got no caption are passed over.

    Raises:
        DataError: it cannot be read, a line is no record, or no photo has a caption.
    """
    captions, confidences = {}, {}
    try:
        data = path.read_bytes()
        for line in data.decode("utf-8").splitlines():
            record = json.loads(line)
            if record["status"] == "ok":
                captions[record["sha256"]] = str(record["caption"])
                confidence = record["confidence"]
                confidences[record["sha256"]] = 1.0 if confidence is None else float(confidence)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} holds no records of captions, as showtell PHOTOS --json writes them: {error!r}"
        ) from error
    if not captions:
        raise DataError(f"no photo of {path} has a caption")
    return PseudoCaptions(path.name, sha256_hex(data), captions, confidences)
