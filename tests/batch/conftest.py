"""A model and photos for the tests of whole jobs."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from showtell import Captioner
from showtell.batch.find import find_photos
from showtell.batch.job import Job, Outcome
from showtell.batch.journal import Journal
from showtell.batch.run import run_job
from showtell.runtime.records import Maker

RunJob = Callable[..., list[Outcome]]


@pytest.fixture(scope="session")
def captioner(tiny_bundle: Path) -> Captioner:
    return Captioner.load(tiny_bundle, threads=1)


@pytest.fixture
def drawn(flickr8k: Path) -> list[bytes]:
    """The bytes of different drawn photos."""
    return [path.read_bytes() for path in sorted(flickr8k.rglob("*.jpg"))]


@pytest.fixture
def folder(tmp_path: Path, drawn: list[bytes]) -> Path:
    """A folder with three photos, one of them below."""
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    for name, data in zip(("a.jpg", "b.jpg", "more/c.jpg"), drawn, strict=False):
        (photos / name).write_bytes(data)
    return photos


@pytest.fixture
def run(captioner: Captioner, tmp_path: Path) -> RunJob:
    """Run a job over a folder, with the settings given and a journal of that name, if any."""

    def run(folder: Path, *, journal: str | None = None, **settings: object) -> list[Outcome]:
        job = Job(decoding=captioner.bundle.manifest.decoding, **{"batch_size": 2, **settings})
        kept = Journal(
            tmp_path / journal if journal else None,
            job.settings(Maker.of(captioner, job.decoding)),
        )
        with closing(kept):
            return list(run_job(captioner, find_photos([folder]), job, kept))

    return run
