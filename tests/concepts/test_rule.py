"""The rule that makes the table, on a WordNet of four synsets."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "imagenet_words.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("imagenet_words", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def name_poodle(
    tool: ModuleType, counts: dict[str, int], **exceptions: object
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    above = {"thing": (), "animal": ("thing",), "dog": ("animal",), "poodle": ("dog",)}
    wordnet = tool.WordNet(
        synsets={k: tool.Synset(lemmas=(k,), hypernyms=v) for k, v in above.items()},
        senses={k: [k] for k in above},
        irregular={},
    )
    return tool.Namer(wordnet, Counter(counts), exceptions).name_class("poodle")


def test_a_lemma_that_captions_hardly_say_gives_way_to_the_one_above(tool: ModuleType) -> None:
    said = {"poodle": 19, "dog": 500, "animal": 300}
    assert name_poodle(tool, said) == (("dog",), ("animal",))


def test_plurals_count(tool: ModuleType) -> None:
    said = {"poodle": 20, "poodles": 30, "dog": 7000, "animal": 300}
    assert name_poodle(tool, said) == (("poodle",), ("dog", "animal"))


def test_a_word_far_more_usual_stands_for_those_below_it(tool: ModuleType) -> None:
    said = {"poodle": 20, "dog": 7000, "animal": 300}
    assert name_poodle(tool, said) == (("dog",), ("animal",))


def test_an_exception_takes_a_synset_out(tool: ModuleType) -> None:
    said = {"poodle": 100, "animal": 300, "thing": 100}
    silent = tool.Named(words=(), general=None)
    assert name_poodle(tool, said, thing=silent) == (("poodle",), ("animal",))


def test_an_exception_names_a_class(tool: ModuleType) -> None:
    said = {"poodle": 100, "dog": 500, "animal": 300}
    named = tool.Named(words=("puppy",), general=None)
    assert name_poodle(tool, said, poodle=named)[0] == ("puppy",)
