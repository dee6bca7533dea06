"""Write docs/options.md, every option of every verb, from the help that the command line gives.

python tools/options_page.py
"""

from collections.abc import Iterator
from pathlib import Path

import click

from showtell.cli.main import cli
from showtell.cli.options import SectionedCommand, sections

PAGE = Path(__file__).parents[1] / "docs" / "options.md"
HEAD = """\
# Every option

What `showtell VERB --help` says, written by `python tools/options_page.py`.
[The command line](command-line.md) tells what verbs do, what they write and how they end. `-h` and
`--help` are options of each.
"""


def page() -> str:
    """Give the text of the page."""
    root = click.Context(cli, info_name="showtell")
    return "\n".join([HEAD, *_of_group(cli, root)])


def _of_group(group: click.Group, ctx: click.Context) -> Iterator[str]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        inner = click.Context(command, parent=ctx, info_name=name)
        if isinstance(command, click.Group):
            yield from _of_group(command, inner)
        else:
            yield from _of_command(command, inner)


def _of_command(command: click.Command, ctx: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield f"## {ctx.command_path}\n"
    yield f"`{ctx.command_path} {usage}`: {command.get_short_help_str(200)}\n"
    by_section = sections(command, ctx)
    for name, records in by_section.items():
        rows = [(option, text) for option, text in records if "--help" not in option]
        if not rows:
            continue
        if isinstance(command, SectionedCommand) and len(by_section) > 1:
            yield f"### {ctx.info_name}: {name.lower()}\n"
        yield "| option | what it does |\n|---|---|"
        yield from (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in rows)
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
