"""The Python in the documentation runs as it stands."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import showtell
from showtell import BeamConfig, Caption, Captioner
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


@pytest.fixture
def python_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[dict[str, Any]]:
    """The names of the Python page after its blocks ran one after another, and what they `said`."""
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in python_blocks("python.md"):
        exec(compile(block, "python.md", "exec"), names)
    yield names | {"said": capsys.readouterr().out}
    names["server"].server_close()


def test_the_python_page_runs_from_top_to_bottom(python_page: dict[str, Any]) -> None:
    said = python_page["said"]
    text = Captioner.load().caption(PHOTO).text
    assert said.startswith(text)
    assert said.count(f"photo.jpg {text}") == 2
    assert "('missing', 'gone.jpg: no such file')" in said


def test_the_service_of_the_python_page_answers(python_page: dict[str, Any]) -> None:
    server = python_page["server"]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        answers = []
        for body in (PHOTO.read_bytes(), b"no picture"):
            with closing(HTTPConnection(*server.server_address)) as connection:
                connection.request("POST", "/", body)
                answer = connection.getresponse()
                answers.append((answer.status, json.loads(answer.read())))
    finally:
        server.shutdown()
    (status, record), (refused, error) = answers
    assert (status, refused) == (200, 422)
    assert record["caption"] == Captioner.load().caption(PHOTO).text
    assert error["code"] == "not-a-picture"


def test_the_python_page_names_every_public_name_error_and_setting() -> None:
    from showtell import errors

    text = (REPOSITORY / "docs" / "python.md").read_text("utf-8")
    of_captioner = [name for name in ("load", *vars(Captioner)) if not name.startswith("_")]
    kinds = [name for name in vars(errors) if name.endswith("Error")]
    kept_apart = {"encode", "encode_many", "search", "hypotheses", "words", "shown"}  # for study
    settings = [setting.name for setting in fields(BeamConfig)]
    parts = [part.name for part in fields(Caption)]
    names = [*showtell.__all__, *{*of_captioner} - kept_apart, *kinds, *settings, *parts]
    assert [name for name in names if f"`{name}" not in text] == []


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
