"""Warnings about a whole job: see `showtell.batch.self_check`."""

import pytest

from showtell.batch.job import JobSettings
from showtell.batch.journal import Entry, Journal
from showtell.batch.self_check import ENOUGH, warnings
from showtell.config import BeamConfig

SETTINGS = JobSettings(model={}, decoding=BeamConfig())


def journal_of(captions: list[str], confidence: float | None = 0.5, contents: int = 0) -> Journal:
    journal = Journal(None, SETTINGS)
    journal.keep(
        Entry(
            str(i),
            None,
            {
                "caption": caption,
                "confidence": confidence,
                "status": "ok",
                "sha256": str(i % contents if contents else i),
            },
            [],
        )
        for i, caption in enumerate(captions)
    )
    return journal


def captions(same: int, different: int) -> list[str]:
    return ["A dog."] * same + [f"Picture {i}." for i in range(different)]


def test_a_third_of_the_photos_with_one_caption_is_fine() -> None:
    assert warnings(journal_of(captions(20, 40))) == []


def test_more_than_a_third_is_told() -> None:
    (warning,) = warnings(journal_of(captions(21, 39)))
    assert "21 of 60 different photos got the same caption, 'A dog.'" in warning


@pytest.mark.parametrize("confidence", [0.01, None])
def test_few_photos_show_nothing(confidence: float | None) -> None:
    assert warnings(journal_of(captions(ENOUGH - 1, 0), confidence)) == []


def test_copies_of_one_photo_count_once() -> None:
    assert warnings(journal_of(captions(200, 0), contents=10)) == []


def test_captions_that_are_mostly_unsure_are_told() -> None:
    (warning,) = warnings(journal_of(captions(0, 60), confidence=0.01))
    assert "60 of 60 captions have a confidence below" in warning


def test_a_model_that_is_not_calibrated_gives_no_such_warning() -> None:
    assert warnings(journal_of(captions(0, 60), confidence=None)) == []
