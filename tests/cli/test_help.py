"""What `--help` says, what shells complete, and that the documents tell of every option."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from showtell.cli.main import cli, run

REPOSITORY = Path(__file__).parents[2]


def commands(group: click.Group, parent: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Every command, and those in groups, by what one types."""
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, parent=parent, info_name=name)
        yield context.command_path, command
        if isinstance(command, click.Group):
            yield from commands(command, context)


ALL = dict(commands(cli, click.Context(cli, info_name="showtell")))


def help_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run([*arguments, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("group", ["", "metadata"])
def test_each_verb_is_told_in_a_whole_phrase(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = help_of(group.split(), capsys).partition("Commands:\n")[2].partition("\n\n")[0]
    for line in listed.splitlines():
        assert re.fullmatch(r"  [a-z]+ +[A-Z][^.]+\.", line), line


def test_every_option_has_a_help() -> None:
    bare = [
        (path, parameter.opts)
        for path, command in ALL.items()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert bare == []


def test_the_options_of_caption_stand_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(["caption"], capsys)
    heads = re.findall(r"^([A-Z][a-z ]+):$", text, re.MULTILINE)
    wanted = ["Photos", "Output", "Beside the photo", "Search", "Machine", "Options"]
    assert [head for head in heads if head != "Examples"] == wanted
    for option, head in (
        ("--files-from", "Photos"),
        ("--format", "Output"),
        ("--sidecar", "Beside the photo"),
        ("--beam-size", "Search"),
        ("--jobs", "Machine"),
        ("--help", "Options"),
    ):
        after = text.partition(f"\n{head}:\n")[2]
        assert option in after.partition("\n\n")[0], (option, head)


def test_every_option_of_every_verb_stands_in_a_document() -> None:
    text = (REPOSITORY / "docs" / "options.md").read_text("utf-8")
    told = {
        part.partition("\n")[0]: set(re.findall(r"(?<![\w-])--?\w[\w-]*", part))
        for part in re.split("^## ", text, flags=re.MULTILINE)
    }
    options = [
        (path, option)
        for path, command in ALL.items()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    ]
    assert len(options) > 100
    assert [(path, option) for path, option in options if option not in told[path]] == []


def test_the_page_of_options_can_be_found() -> None:
    for document in (REPOSITORY / "README.md", REPOSITORY / "docs" / "command-line.md"):
        assert "options.md)" in document.read_text("utf-8")


def test_the_page_of_options_says_what_help_says() -> None:
    path = REPOSITORY / "tools" / "options_page.py"
    spec = importlib.util.spec_from_file_location("options_page", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = (REPOSITORY / "docs" / "options.md").read_text("utf-8")
    assert written == tool.page(), "run python tools/options_page.py"


def completed(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """What a shell is told of the last word of a line: `plain,WORD`, or `file,WORD` for files."""
    words = line.split(" ")
    monkeypatch.setenv("_SHOWTELL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    assert run([]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("showtell PHO", ["file,PHO"]),
        ("showtell ev", ["plain,evaluate", "file,ev"]),
        ("showtell a.jpg b", ["file,b"]),
        ("showtell --num-c", ["plain,--num-captions"]),
        ("showtell --vers", ["plain,--version"]),
        ("showtell a.jpg --sidecar x", ["plain,xmp"]),
        ("showtell --model m", ["plain,merge", "file,m"]),
        ("showtell evaluate b", ["plain,base", "file,b"]),
        ("showtell train c", ["file,c"]),
        ("showtell metadata s", ["plain,show"]),
        ("showtell evalute x", ["file,x"]),  # not whole yet, or a file of that name
    ],
)
def test_shells_complete_verbs_options_and_files_without_a_verb_too(
    line: str,
    found: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert completed(line, monkeypatch, capsys) == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_written(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from click.shell_completion import BashComplete

    monkeypatch.setattr(BashComplete, "_check_version", lambda *_: None)  # asks bash itself
    monkeypatch.setenv("_SHOWTELL_COMPLETE", f"{shell}_source")
    assert run([]) == 0
    assert "_SHOWTELL_COMPLETE" in capsys.readouterr().out
