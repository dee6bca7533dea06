"""What a package index shows: see `hatch_build.py`."""

import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")
SOURCE = "https://example.org/ann/showtell"


@pytest.fixture
def for_an_index(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | None], str]:
    """The function of the build's hook; hatchling, which only a build has, is stood in for."""
    plugin = ModuleType("hatchling.metadata.plugin.interface")
    plugin.MetadataHookInterface = object
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, plugin.__name__, plugin)
    spec = importlib.util.spec_from_file_location("hatch_build", REPOSITORY / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.for_an_index


def test_every_link_and_picture_of_readme_leads_somewhere_from_an_index(for_an_index) -> None:
    text = for_an_index(README, SOURCE)
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith("https://")] == []
    assert f"]({SOURCE}/blob/HEAD/docs/library.md)" in text
    assert f"]({SOURCE}/raw/HEAD/docs/images/sheet.png)" in text


def test_without_a_public_address_links_are_words_and_pictures_left_out(for_an_index) -> None:
    text = for_an_index("![six photos](a.png) [All of it](docs/library.md), [below](#below).", None)
    assert text == " All of it, below."


def test_what_readme_links_to_is_there() -> None:
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)]*)\)", README)}
    paths = [target for target in targets if target and not target.startswith("http")]
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_the_package_is_described_by_the_hook() -> None:
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    assert "readme" in pyproject["project"]["dynamic"]
    assert "custom" in pyproject["tool"]["hatch"]["metadata"]["hooks"]
