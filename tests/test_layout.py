"""The dependency rule: arrows point down only."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "showtell"
MODULES = sorted(SRC.rglob("*.py"))

MAY_USE = {
    "cli": None,  # anything
    "batch": {"runtime", "metadata"},
    "calibration": {"claims", "runtime", "decoding", "metrics", "data"},
    "evaluation": {"training", "runtime", "metrics", "data"},
    "training": {"claims", "models", "exporting", "runtime", "decoding", "metrics", "data"},
    "exporting": {"decoding", "models", "runtime"},
    "models": {"decoding", "runtime"},
    "runtime": {"claims", "data", "decoding", "metrics"},
    "data": set(),
    "decoding": set(),
    "metadata": set(),
    "metrics": {"claims"},
    "claims": set(),
    "images": set(),
    "concepts": {"claims"},
}  # each beside `images`, `concepts` and the modules at the top, such as config, which all may use


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(SRC).as_posix())
def test_a_module_uses_only_what_is_below_it(path: Path) -> None:
    layer = path.relative_to(SRC).parts[0]
    allowed = MAY_USE.get(layer, set())
    if allowed is None or layer in ("__init__.py", "__main__.py"):
        return
    packages = {p.name for p in SRC.iterdir() if p.is_dir()}
    used = {
        parts[1]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module
        for parts in [node.module.split(".")]
        if parts[0] == "showtell" and len(parts) > 1 and parts[1] in packages
    }
    assert used <= allowed | {layer, "images", "concepts"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(SRC).as_posix())
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    if path.relative_to(SRC).parts[0] == "cli":
        return
    tree = ast.parse(path.read_text("utf-8"))
    names = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert names.isdisjoint({"print", "exit", "quit"})
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert attributes.isdisjoint({"sys.argv", "sys.exit", "sys.stdout", "sys.stderr"})
