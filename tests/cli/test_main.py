"""The command as a whole: help, versions, late imports."""

import io
import subprocess
import sys

import pytest
from PIL import Image

import showtell
from showtell.cli.main import COMMANDS, EXIT_CODES, run
from showtell.errors import ShowtellError


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after running some code."""
    report = "\nimport sys; print('modules:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("modules:")[2].split())


def test_help_loads_neither_pytorch_nor_onnx_runtime() -> None:
    loaded = modules_after("from showtell.cli.main import run; assert run(['--help']) == 0")
    assert "showtell.cli.main" in loaded
    assert loaded.isdisjoint({"torch", "onnxruntime", "onnx", "matplotlib", "numpy", "PIL"})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_loads_neither_and_has_an_option(command: str) -> None:
    loaded = modules_after(
        f"from showtell.cli.main import run; assert run(['{command}', '-h']) == 0"
    )
    assert loaded.isdisjoint({"torch", "onnxruntime", "onnx", "matplotlib"})


def test_importing_the_package_loads_neither() -> None:
    assert modules_after("import showtell").isdisjoint({"torch", "onnxruntime", "numpy"})


def test_captioning_never_imports_torch(tiny_bundle) -> None:
    code = f"""
from PIL import Image
from showtell import Captioner
print(Captioner.load({str(tiny_bundle)!r}).caption(Image.new("RGB", (9, 9), "red")).text)
"""
    loaded = modules_after(code)
    assert "onnxruntime" in loaded
    assert loaded.isdisjoint({"torch", "onnx", "safetensors", "matplotlib"})


def test_scoring_a_file_needs_numpy_and_nothing_else(tmp_path) -> None:
    path = tmp_path / "captions.txt"
    path.write_text("a.jpg\ta dog\nb.jpg\ta cat\n")
    arguments = ["evaluate", str(path), "--references", str(path)]
    loaded = modules_after(f"from showtell.cli.main import run; assert run({arguments!r}) == 0")
    assert "numpy" in loaded
    assert loaded.isdisjoint({"torch", "onnxruntime", "PIL", "pycocoevalcap", "snowballstemmer"})


def test_every_public_name_can_be_imported() -> None:
    assert sorted(showtell.__all__) == showtell.__all__
    for name in showtell.__all__:
        assert getattr(showtell, name).__doc__


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Captoiner'"):
        _ = showtell.Captoiner


def test_every_error_has_its_exit_code() -> None:
    assert set(EXIT_CODES) == set(ShowtellError.__subclasses__())


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert showtell.__version__ in capsys.readouterr().out


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {command}" in out for command in COMMANDS)
    assert all(f"{code} " in out for code in (0, 1, 2, 3, 4, 5, 6, 130))


def test_python_dash_m_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "showtell", "nowhere.jpg", "--model", "nothing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert done.stderr.startswith("showtell: no model 'nothing'")


def test_output_into_a_closed_pipe_is_no_error(tiny_bundle, flickr8k) -> None:
    command = f"{sys.executable} -m showtell {flickr8k} --model {tiny_bundle} --batch-size 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -n 1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_what_pillow_warns_of_does_not_reach_the_terminal(tiny_bundle, tmp_path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "TIFF")
    (tmp_path / "cut.tif").write_bytes(buffer.getvalue()[:-30])  # Pillow warns, then fails
    done = subprocess.run(
        [sys.executable, "-m", "showtell", str(tmp_path / "cut.tif"), "--model", str(tiny_bundle)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert "cut.tif: cannot be decoded" in done.stderr
