"""What the tests share: a dataset drawn on the spot, a model trained on it, how Hypothesis runs.

Tests run in several workers (pytest-xdist). What is slow to make is made by the first worker that
needs it, for all of them.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from drawing import draw_flickr8k
from filelock import FileLock
from hypothesis import settings
from tiny import TINY_CONFIG, save_naming_bundle

# Workers, and the processes that tests start, share the cores; nothing here is large enough for
# more threads. OpenMP's setting is read when PyTorch is imported.
os.environ["SHOWTELL_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

# No deadline: nothing here is timed. The same examples in every run: a red build can be repeated.
settings.register_profile("showtell", deadline=None, derandomize=True)
settings.load_profile("showtell")


@pytest.fixture
def tiny_flickr8k(tmp_path: Path) -> Path:
    """A drawn Flickr8k of one's own, to spoil: 12 train, 4 val and 2 test pictures."""
    return draw_flickr8k(tmp_path / "flickr8k")


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Make a file or folder of this name, once for all tests of all workers; to read only."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # of the workers' own folders
    shared = root / "shared"
    shared.mkdir(exist_ok=True)

    def make_once(name: str, make: Callable[[Path], object]) -> Path:
        path, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                make(path)
                done.touch()
        return path

    return make_once


@pytest.fixture(scope="session")
def flickr8k(made_once: MadeOnce) -> Path:
    """The drawn Flickr8k that all tests share; to read only."""
    return made_once("flickr8k", draw_flickr8k)


@pytest.fixture(scope="session")
def feature_cache(made_once: MadeOnce) -> Path:
    """A cache of features for all tests but those of the cache: to compute one takes seconds."""
    return made_once("cache", Path.mkdir)


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TOML file for a model that trains in a second."""
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(TINY_CONFIG)
    return path


@pytest.fixture(scope="session")
def tiny_run(flickr8k: Path, tiny_config: Path, feature_cache: Path, made_once: MadeOnce) -> Path:
    """A run trained on the drawn pictures."""

    def train(out: Path) -> None:
        from showtell.config import load_config
        from showtell.training.data import load_training_data
        from showtell.training.train import train_captioner

        config = load_config(tiny_config)
        train_captioner(config, load_training_data(config, flickr8k, cache_dir=feature_cache), out)

    return made_once("tiny", train)


@pytest.fixture(scope="session")
def tiny_bundle(tiny_run: Path, made_once: MadeOnce) -> Path:
    """That run as a bundle file, in float32."""

    def export(path: Path) -> None:
        from showtell.bundle import save_bundle
        from showtell.training.export import export_run
        from showtell.training.run import load_run

        exported = export_run(load_run(tiny_run), precision="float32")
        save_bundle(path, exported.manifest, exported.files)

    return made_once("tiny.bundle", export)


@pytest.fixture(scope="session")
def naming_bundle(made_once: MadeOnce) -> Path:
    """A bundle file of drawn weights whose decoder looks at concepts."""
    return made_once("naming.bundle", save_naming_bundle)
