"""What the tests share: a dataset drawn on the spot, a model trained on it, how Hypothesis runs."""

from pathlib import Path

import pytest
from drawing import draw_flickr8k
from hypothesis import settings
from tiny import TINY_CONFIG, save_naming_bundle

# No deadline: nothing here is timed. The same examples in every run: a red build can be repeated.
settings.register_profile("showtell", deadline=None, derandomize=True)
settings.load_profile("showtell")


@pytest.fixture
def tiny_flickr8k(tmp_path: Path) -> Path:
    """A drawn Flickr8k of one's own, to spoil: 12 train, 4 val and 2 test pictures."""
    return draw_flickr8k(tmp_path / "flickr8k")


@pytest.fixture(scope="session")
def flickr8k(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn Flickr8k that all tests share; to read only."""
    return draw_flickr8k(tmp_path_factory.mktemp("drawn") / "flickr8k")


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TOML file for a model that trains in a second."""
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(TINY_CONFIG)
    return path


@pytest.fixture(scope="session")
def tiny_run(flickr8k: Path, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained on the drawn pictures; its feature cache is the folder `cache` beside it."""
    from showtell.config import load_config
    from showtell.training.data import load_training_data
    from showtell.training.train import train_captioner

    out = tmp_path_factory.mktemp("runs") / "tiny"
    config = load_config(tiny_config)
    data = load_training_data(config, flickr8k, cache_dir=out.parent / "cache")
    train_captioner(config, data, out)
    return out


@pytest.fixture(scope="session")
def tiny_bundle(tiny_run: Path) -> Path:
    """That run as a bundle file, in float32."""
    from showtell.bundle import save_bundle
    from showtell.training.export import export_run
    from showtell.training.run import load_run

    path = tiny_run.parent / "tiny.bundle"
    exported = export_run(load_run(tiny_run), precision="float32")
    save_bundle(path, exported.manifest, exported.files)
    return path


@pytest.fixture(scope="session")
def naming_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle file of drawn weights whose decoder looks at concepts."""
    path = tmp_path_factory.mktemp("naming") / "naming.bundle"
    save_naming_bundle(path)
    return path
