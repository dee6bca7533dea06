"""What is said where METEOR's data, or what reads them, are missing or damaged."""

from types import SimpleNamespace

import pytest

from showtell.errors import DataError, MissingExtraError
from showtell.metrics.meteor import Meteor, MeteorJar, lexicon
from showtell.metrics.meteor.resources import find_jar, find_table, load_resources

from .toy import LISTS, PARAPHRASES, write_jar, write_table


def test_the_lists_are_read_out_of_the_jar(toy_jar):
    resources = load_resources(toy_jar)
    assert resources.function_words == {"a", "the", "on"}
    assert resources.prefixes.always == {"Mr"}
    assert resources.prefixes.before_number == {"No"}
    assert resources.wordnet.find("mice") == {"3"}


def test_the_original_is_not_run_without_its_table_of_paraphrases(monkeypatch, toy_jar):
    # It would score all the same, lower, and not say a word.
    find_table(toy_jar).write_bytes(b"")
    monkeypatch.setattr("showtell.metrics.meteor.java.find_jar", lambda: toy_jar)
    monkeypatch.setattr("shutil.which", lambda name: name)
    with pytest.raises(DataError, match=r"paraphrase-en\.gz .* damaged \(it is not gzipped\)"):
        MeteorJar.load()


@pytest.mark.parametrize("load", [Meteor.load, MeteorJar.load])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(monkeypatch, load):
    monkeypatch.setattr("showtell.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pycocoevalcap.*showtell\[(meteor|java)\]"):
        load()


def test_missing_data_are_named_with_the_package_that_brings_them(monkeypatch):
    monkeypatch.setattr("showtell.metrics.meteor.resources.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pycocoevalcap, which is not installed"):
        find_jar()


def test_a_package_without_the_jar_is_refused(monkeypatch, tmp_path):
    (tmp_path / "pycocoevalcap").mkdir()
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(DataError, match=r"without .*meteor-1\.5\.jar; reinstall it: pip install"):
        find_jar()


def test_a_stemmer_of_another_generation_is_refused(monkeypatch):
    stemmer = SimpleNamespace(stemWord=lambda word: "add")
    module = SimpleNamespace(EnglishStemmer=lambda: stemmer)
    monkeypatch.setattr(lexicon, "import_module", lambda name: module)
    with pytest.raises(MissingExtraError, match=r"pip install 'snowballstemmer>=2,<3'"):
        lexicon.load_stemmer()


def test_a_jar_that_is_no_zip_file_is_refused(toy_jar):
    toy_jar.write_bytes(toy_jar.read_bytes()[:100])
    with pytest.raises(DataError, match=r"meteor-1\.5\.jar .* is damaged"):
        load_resources(toy_jar)


@pytest.mark.parametrize("name", LISTS)
def test_a_jar_that_lacks_a_list_is_refused_by_the_list(toy_jar, name):
    write_jar(toy_jar, {other: text for other, text in LISTS.items() if other != name})
    with pytest.raises(DataError, match=name):
        load_resources(toy_jar)


def test_a_list_that_ends_within_an_entry_is_refused(toy_jar):
    write_jar(toy_jar, {**LISTS, "synonym/english.synsets": "car\n1\nauto\n"})
    with pytest.raises(DataError, match="is damaged"):
        load_resources(toy_jar)


def test_a_missing_table_is_refused(toy_jar):
    (toy_jar.parent / "data" / "paraphrase-en.gz").unlink()
    with pytest.raises(DataError, match=r"without .*paraphrase-en\.gz"):
        load_resources(toy_jar)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.write_bytes(b"0.5\na\nb\n"),
        lambda table: table.write_bytes(table.read_bytes()[:-12]),
        lambda table: table.write_bytes(table.read_bytes()[:20] + b"\xff" * 40),
        lambda table: table.write_bytes(b""),
        lambda table: write_table(table, ""),
        lambda table: write_table(table, PARAPHRASES + "0.5\n"),
        lambda table: write_table(table, PARAPHRASES + "0.5\na\nb"),
    ],
    ids=[
        "not gzip",
        "cut short",
        "overwritten",
        "no bytes",
        "no entry",
        "ends within an entry",
        "ends within a line",
    ],
)
def test_a_damaged_table_is_refused_when_it_is_read(toy_jar, toy_meteor, spoil):
    spoil(toy_jar.parent / "data" / "paraphrase-en.gz")
    with pytest.raises(DataError, match=r"paraphrase-en\.gz .* is damaged"):
        toy_meteor.statistics([["x"]], [[["x"]]])
