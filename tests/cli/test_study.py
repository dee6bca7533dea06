"""`showtell study`: what it prints, what it refuses, what a Ctrl-C leaves."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import TINY_STUDY_BASE

from showtell.cli.main import run

STUDY = f"""
name = "drawn"
seeds = [1]
{TINY_STUDY_BASE}[systems.plain]
[systems.wide]
decoder.hidden_dim = 32
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    often = STUDY.replace("[base.training]", "[base.training]\ncheckpoint_every_s = 1e-9")
    Path("drawn.toml").write_text(often)
    return "drawn.toml"


@pytest.fixture
def data(flickr8k: Path, tiny_run: Path) -> list[str]:
    return ["--data", str(flickr8k), "--cache-dir", str(tiny_run.parent / "cache")]


def test_a_study_prints_its_table_and_tells_of_every_run(
    study: str, data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["study", study, *data]) == 0
    out, err = capsys.readouterr()
    assert out == Path("runs/drawn/study.md").read_text()
    assert "plain-1: 1 of 2\nepoch  1  loss" in err
    assert "wide-1: 2 of 2\n" in err
    assert "12 train images with 60 captions" in err
    made_by = json.loads(Path("runs/drawn/plain-1/config.json").read_text())["made_by"]
    assert made_by["command"].startswith(f"showtell study {study} --data ")

    assert run(["study", study, "--report-only"]) == 0
    assert capsys.readouterr().out == out


def test_only_one_system_with_seeds_of_ones_own(
    study: str, data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--only", "plain", "--seeds", "2,3", "--out", "here"]
    assert run(["study", study, *data, *chosen]) == 0
    assert sorted(path.name for path in Path("here").iterdir() if path.is_dir()) == [
        "plain-2",
        "plain-3",
    ]
    assert "Not finished yet, 2 runs: plain-1, wide-1." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "to train, give --data DATA"),
        (["--report-only", "--only", "plain"], 2, "--report-only trains nothing"),
        (["--report-only"], 6, "holds no finished run of this study"),
        (["--data", "d", "--seeds", "1,b"], 2, "such as 1,2,3; got 1,b"),
        (["--data", "d", "--seeds", "1,1"], 2, "each seed may be given once"),
        (["--data", "d", "--only", "plane"], 2, "Did you mean 'plain'?"),
        (["--data", "nowhere"], 2, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    study: str,
    arguments: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["study", study, *arguments]) == code
    assert message in capsys.readouterr().err


def test_a_misspelt_setting_names_file_and_place(
    study: str, data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(study).write_text(STUDY.replace("decoder.hidden_dim", "decoder.hiden_dim"))
    assert run(["study", study, *data]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "drawn.toml: unknown setting 'systems.wide.decoder.hiden_dim'" in line
    assert "Did you mean 'hidden_dim'?" in line


@pytest.mark.slow
def test_ctrl_c_keeps_the_study_and_the_same_command_goes_on_with_it(
    data: list[str], tmp_path: Path
) -> None:
    config, out_dir = tmp_path / "long.toml", tmp_path / "out"
    config.write_text(STUDY.replace("max_epochs = 2", "max_epochs = 6"))
    arguments = [str(config), *data, "--out", str(out_dir)]
    command = [sys.executable, "-m", "showtell", "study", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr
    seen = ""
    while "plain-1: 1 of 2" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, seen + err
    assert f"the study in {out_dir} is kept; the same command goes on with it" in err
    assert "Traceback" not in err
    assert not out
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "| plain | 1 |" in done.stdout
    assert "| wide | 1 |" in done.stdout
