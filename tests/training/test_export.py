"""From a run to the files of a bundle."""

from pathlib import Path

import pytest
from tiny import naming_encoder

from showtell.bundle import load_bundle
from showtell.training.export import export_run
from showtell.training.run import TrainedRun, load_run


def test_the_words_of_an_encoder_that_names_what_it_sees_are_in_the_bundle(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = naming_encoder()
    monkeypatch.setattr(TrainedRun, "build_encoder", lambda _: encoder)
    exported = export_run(load_run(tiny_run), precision="float16")
    words = exported.files["concepts.txt"].decode()
    assert words == "animal\ndog\nthing\n\ndog\ngrass\nred\nrun\n"
    assert 0 < exported.features_error < 0.05


def test_a_model_that_names_nothing_has_no_such_file(tiny_bundle: Path) -> None:
    assert "concepts.txt" not in load_bundle(tiny_bundle).files
