"""The command line's options and Python's keyword arguments mean the same."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from showtell import BeamConfig, Captioner
from showtell.cli.main import run
from showtell.config import override
from showtell.errors import ConfigError
from showtell.runtime.caption import FIELDS

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
OF_THE_FILE = ("path", "sha256", "elapsed_ms")  # which Python is not told

SETTINGS: list[dict[str, Any]] = [
    {},
    {"beam_size": 1},
    {"beam_size": 2},
    {"beam_size": 5},
    {"beam_size": 8},
    {"max_length": 4},
    {"max_length": 12},
    {"length_penalty": 0.0},
    {"length_penalty": 2.0},
    {"no_repeat_ngram": 0},
    {"no_repeat_ngram": 2},
    {"neutral": True},
    {"unseen": False},
    {"chooser": False},
    {"cautious": False},
    {"chooser": False, "consensus": 4.0},
    {"chooser": False, "consensus": 0.5, "beam_size": 3},
    {"cautious": False, "neutral": True},
    {"beam_size": 1, "chooser": False, "cautious": False, "unseen": False},
    {"max_length": 8, "length_penalty": 1.5, "no_repeat_ngram": 3},
]


def flags(search: dict[str, Any]) -> list[str]:
    """Write settings as the command line's options."""
    found = []
    for name, value in search.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            found.append(f"--{option}" if value else f"--no-{option}")
        else:
            found += [f"--{option}", str(value)]
    return found


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return Captioner.load(threads=1)


@pytest.mark.parametrize("search", SETTINGS, ids=lambda search: " ".join(flags(search)) or "own")
def test_a_caption_through_python_is_the_command_lines(
    captioner: Captioner, search: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([str(PHOTO), "--json", *flags(search)]) == 0
    record = json.loads(capsys.readouterr().out)
    said = captioner.caption(PHOTO, **search).to_dict()
    assert tuple(said) == tuple(record) == FIELDS
    assert [said.pop(name) for name in OF_THE_FILE] == [None, None, None]
    assert said == {name: record[name] for name in said}


@pytest.mark.parametrize(
    "search",
    [
        {"beam_size": 0},
        {"max_length": 1001},
        {"length_penalty": -1.0},
        {"no_repeat_ngram": 1},
        {"consensus": 3.0},  # and the model's own chooser
    ],
)
def test_what_one_refuses_the_other_does_in_the_same_words(
    captioner: Captioner, search: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([str(PHOTO), *flags(search)]) == 2
    with pytest.raises(ConfigError) as error:
        captioner.caption(PHOTO, **search)
    assert capsys.readouterr().err == f"showtell: {error.value}\n"


def test_a_keyword_keeps_the_rest_of_the_models_own_search(captioner: Captioner) -> None:
    own = captioner.bundle.manifest.decoding
    assert own.no_repeat_ngram
    assert captioner.search_config() == own
    assert captioner.search_config(beam_size=7) == override(own, {"beam_size": 7})
    assert captioner.search_config(beam_size=7).no_repeat_ngram == own.no_repeat_ngram
    assert captioner.search_config(beam_size=None, neutral=None) == own
    assert captioner.caption(PHOTO, beam_size=own.beam_size).confidence is not None


def test_a_whole_search_takes_the_place_of_the_models_and_keywords_change_it(
    captioner: Captioner,
) -> None:
    whole = BeamConfig(max_length=5)
    assert captioner.search_config(whole) == whole
    assert captioner.search_config(whole, beam_size=2) == BeamConfig(max_length=5, beam_size=2)
    assert captioner.caption(PHOTO, whole, beam_size=2).decoding.beam_size == 2


@pytest.mark.parametrize(
    ("search", "told"),
    [
        ({"beam": 5}, "unknown setting 'beam'. Did you mean 'beam_size'"),
        ({"beam_size": "5"}, "beam_size must be of type int, got '5'"),
        ({"beam_size": 2.5}, "beam_size must be of type int"),
        ({"beam_size": True}, "beam_size must be of type int"),
        ({"neutral": 1}, "neutral must be of type bool"),
        ({"length_penalty": float("nan")}, "length_penalty must be between 0 and 10"),
    ],
)
def test_a_wrong_setting_is_told_before_any_photo_is_looked_at(
    captioner: Captioner, search: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        captioner.caption_many(iter([]), **search)


def test_a_number_of_numpys_is_a_number(captioner: Captioner) -> None:
    import numpy as np

    changed = captioner.search_config(beam_size=np.int64(2), length_penalty=np.float32(1))
    assert changed == captioner.search_config(beam_size=2, length_penalty=1.0)
    assert type(changed.beam_size) is int


def test_settings_in_a_dict_are_no_search(captioner: Captioner) -> None:
    with pytest.raises(TypeError, match="must be a BeamConfig, got dict"):
        captioner.caption(PHOTO, {"beam_size": 5})  # type: ignore[arg-type]


def test_every_setting_of_a_search_is_an_option_with_its_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for verb in ("caption", "evaluate"):
        assert run([verb, "--help"]) == 0
        told = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
        for field in fields(BeamConfig):
            assert f"--{field.name.replace('_', '-')}" in told
            assert field.metadata["help"].split()[0] in told
