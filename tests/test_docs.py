"""The Python in the documentation runs as it stands."""

import re
import shutil
from pathlib import Path

import pytest

from showtell import BeamConfig, Captioner
from showtell.bundle import BUNDLED_DIR

REPOSITORY = Path(__file__).parents[1]
PHOTO = REPOSITORY / "examples" / "coffee.jpg"


def python_blocks(document: str) -> list[str]:
    text = (REPOSITORY / "docs" / document).read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_bundle_page_captions_with_onnx_runtime_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "merge").symlink_to(BUNDLED_DIR / "merge")
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    (block,) = python_blocks("bundle.md")
    exec(compile(block, "bundle.md", "exec"), {})
    ours = Captioner.load("merge").caption(PHOTO, BeamConfig(beam_size=1)).text
    assert capsys.readouterr().out.strip() == ours[0].lower() + ours[1:].rstrip(".")


def test_the_command_line_page_shows_how_to_caption_from_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    (block,) = python_blocks("command-line.md")
    exec(compile(block, "command-line.md", "exec"), {"paths": [PHOTO, PHOTO]})
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_the_scores_page_shows_how_to_score_from_python(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = python_blocks("scores.md")
    exec(compile(block, "scores.md", "exec"), {})
    cider, rouge_l = capsys.readouterr().out.splitlines()
    assert "cider|tok:ptb|refs:2|images:2|" in cider
    assert 0 < float(rouge_l) < 100


def test_the_encoders_page_shows_how_to_look_from_python(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = python_blocks("encoders.md")
    exec(compile(block, "encoders.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == [
        "(49, 1280) (127.0, 127.0, 127.0)",
        "(1, 49, 1280) (1, 1, 1280)",
    ]


def test_the_encoders_page_names_every_encoder_and_the_files_of_their_weights() -> None:
    from showtell.models.encoders.build import BUILDERS, FAMILIES
    from showtell.models.encoders.keras_applications import APPLICATIONS

    text = (REPOSITORY / "docs" / "encoders.md").read_text("utf-8")
    files = [application.weights_file for application in APPLICATIONS.values()]
    assert [name for name in (*BUILDERS, *FAMILIES, *files) if f"`{name}" not in text] == []


def test_the_concepts_page_shows_how_to_ask_for_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = python_blocks("concepts.md")
    exec(compile(block, "concepts.md", "exec"), {})
    assert capsys.readouterr().out.strip() == "0.75"
