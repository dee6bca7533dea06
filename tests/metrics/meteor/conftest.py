"""A toy METEOR whose word lists fit on a page, and, where they are installed, the real two."""

import dataclasses

import pytest

from showtell.errors import MissingExtraError
from showtell.metrics.meteor import Meteor, MeteorJar
from showtell.metrics.meteor.lexicon import load_stemmer
from showtell.metrics.meteor.paraphrases import read_paraphrases
from showtell.metrics.meteor.resources import find_jar, load_resources

from .toy import write_jar, write_table


@pytest.fixture
def toy_jar(tmp_path):
    """The jar and, beside it, the table, as pycocoevalcap has them."""
    jar = tmp_path / "meteor-1.5.jar"
    write_jar(jar)
    (tmp_path / "data").mkdir()
    write_table(tmp_path / "data" / "paraphrase-en.gz")
    return jar


@pytest.fixture
def toy_meteor(toy_jar):
    """METEOR on the toy lists; the stem of a word is the word without "ly"."""
    return Meteor(load_resources(toy_jar), stem=lambda word: word.removesuffix("ly"))


@pytest.fixture(scope="session")
def real_meteor():
    try:
        return Meteor.load()
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def real_jar():
    try:
        with MeteorJar.load() as jar:
            yield jar
    except MissingExtraError as error:
        pytest.skip(str(error))


class PhrasesOf:
    """All phrases whose every word passes a test, in place of a set of phrases."""

    def __init__(self, accepts):
        self.accepts = accepts

    def __contains__(self, phrase):
        return all(map(self.accepts, phrase.split()))


@pytest.fixture(scope="session")
def quick_meteor(real_meteor, tmp_path_factory):
    """Make the real METEOR for captions of some words only: its table is read in no time."""

    def build(accepts):
        table = tmp_path_factory.mktemp("meteor") / "paraphrase-en.gz"
        resources = load_resources(find_jar())
        found = read_paraphrases(resources.paraphrases, PhrasesOf(accepts), lambda share: None)
        entries = [(phrase, other) for phrase, others in found.items() for other in others]
        write_table(table, "".join(f"0\n{phrase}\n{other}\n" for phrase, other in entries))
        return Meteor(dataclasses.replace(resources, paraphrases=table), load_stemmer())

    return build
