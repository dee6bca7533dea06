"""How a Java program that fails is dealt with. Scripts stand in for Java."""

import sys
from contextlib import suppress

import pytest

from showtell.errors import DataError, MissingExtraError
from showtell.metrics.meteor import MeteorJar

NUMBERS = " ".join(["2.0"] * 23)


@pytest.fixture
def run(tmp_path):
    """Score one caption with a script in Java's place; give its statistics."""

    def run(body, caption=("a", "dog"), reference=("a", "cat")):
        java = tmp_path / "java"
        java.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
        java.chmod(0o755)
        with MeteorJar(str(java), tmp_path / "meteor-1.5.jar") as jar:
            return jar.statistics([caption], [[reference]])

    return run


def test_the_answer_is_read_as_statistics(run):
    assert run(f"input(); print('{NUMBERS}')").tolist() == [[2.0] * 23]


def test_a_caption_cannot_break_the_protocol(run):
    body = f"sys.exit() if input() != 'SCORE ||| cat ||| a b c' else print('{NUMBERS}')"
    assert run(body, ["a\nb", "|||c"], ["cat|||"]).shape == (1, 23)


def test_many_complaints_do_not_stop_the_program(run):
    assert run(f"input(); sys.stderr.write('x' * 10**6); print('{NUMBERS}')").shape == (1, 23)


def test_of_what_java_says_the_exception_is_repeated_not_the_stack(run):
    body = r"sys.exit('starting\nException in thread \"main\": no heap\n  at Meteor.main(Source)')"
    with pytest.raises(DataError, match=r"it said: Exception in thread .*: no heap$"):
        run(body)


@pytest.mark.parametrize("body", ["sys.exit('no memory')", "input(); sys.exit('no memory')"])
def test_a_program_that_ends_is_an_error_that_repeats_its_last_words(run, body):
    with pytest.raises(DataError, match="stopped; it said: no memory"):
        run(body)


@pytest.mark.parametrize("answer", ["Error: no", "2.0 3.0", f"{NUMBERS} 2.0", f"nan {NUMBERS[4:]}"])
def test_a_malformed_answer_is_an_error_that_shows_it(run, answer):
    with pytest.raises(DataError, match=f"answered '{answer[:9]}.* instead of 23 numbers"):
        run(f"input(); print('{answer}')")


def test_a_program_that_does_not_start_is_an_error(tmp_path):
    jar = MeteorJar(str(tmp_path / "nowhere"), tmp_path)
    with pytest.raises(MissingExtraError, match="Java does not start"), jar:
        pass


def test_a_missing_java_is_an_error(monkeypatch):
    monkeypatch.setattr("showtell.metrics.meteor.java.require_extra", lambda *args, **kwargs: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MissingExtraError, match="no `java` on the PATH"):
        MeteorJar.load()


def test_the_program_ends_with_the_statement_even_after_an_error(tmp_path):
    jar = MeteorJar(sys.executable, tmp_path)
    with suppress(KeyboardInterrupt), jar:
        process = jar._process
        raise KeyboardInterrupt
    assert process.returncode is not None
