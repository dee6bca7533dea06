"""`showtell review`: a person looks at the captions that the model is least sure of."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showtell.cli import console
from showtell.cli.options import PATH, complete_model
from showtell.errors import ImageError, ShowtellError, counted
from showtell.printable import one_line

if TYPE_CHECKING:
    from showtell.batch.review import Doubt
    from showtell.runtime.captioner import Captioner

SHOWN = 5  # candidates
HELP = "[a]ccept, a number for that sentence, [e]dit, [r]eject, [s]kip, [q]uit"

EPILOG = """\b
Examples:
  showtell review holiday/                     the captions below a confidence of 0.3, worst first
  showtell review holiday/ --below 0.1 --list  only name them: path<TAB>confidence<TAB>sentence
"""


@click.command(
    "review", epilog=EPILOG, short_help="Look through the captions that the model is least sure of."
)
@click.argument("photos", nargs=-1, type=PATH, required=True)
@click.option(
    "--below", type=click.FloatRange(0, 1), default=0.3, show_default=True, metavar="P",
    help="Captions of lower confidence.",
)  # fmt: skip
@click.option("--list", "only_list", is_flag=True, help="Name them on stdout and ask nothing.")
@click.option(
    "--reviewer", metavar="NAME", help="Who chooses; written as the caption's writer  "
    "[default: your user name]",
)  # fmt: skip
@click.option(
    "--model",
    shell_complete=complete_model,
    metavar="NAME|PATH",
    help="What proposes other sentences.",
)
def command(
    photos: tuple[Path, ...], below: float, only_list: bool, reviewer: str | None, model: str | None
) -> int:
    """Look through captions in XMP sidecars and in photos that the model is not sure of.

    What you accept or write is yours from then on: no later run replaces it unless told to.
    """
    from showtell.batch.find import find_photos
    from showtell.batch.review import find_doubts

    doubts = sorted(find_doubts(find_photos(photos), below=below), key=lambda one: one.confidence)
    if not doubts:
        console.say(f"no captions of showtell below a confidence of {below}")
        return 0
    if only_list or not sys.stdin.isatty():
        for doubt in doubts:
            console.line(doubt.photo.as_posix(), doubt.confidence, doubt.caption)
        return 0

    from showtell.runtime.captioner import Captioner

    review = _Review(Captioner.load(model), reviewer or getpass.getuser())
    for number, doubt in enumerate(doubts, start=1):
        if not review.ask(doubt, f"{number} of {len(doubts)}"):
            break
    console.say(f"{counted(review.changed, 'caption')} changed")
    return 0


class _Review:
    """Asks about one caption after another."""

    def __init__(self, captioner: "Captioner", person: str) -> None:
        self._captioner, self._person = captioner, person
        self.changed = 0

    def ask(self, doubt: "Doubt", place: str) -> bool:
        """Show a photo and carry out what the person says; tell whether to go on."""
        sentences = self._sentences(doubt)
        console.say("", f"{place}: {doubt.photo}  (confidence {doubt.confidence:.2f})")
        _show(doubt.photo)
        for number, sentence in enumerate(sentences, start=1):
            console.say(f"  {number}  {sentence}")
        while True:
            answer = click.prompt(HELP, default="s", show_default=False, err=True).strip().lower()
            if answer in ("s", "q"):
                return bool(answer == "s")
            if answer in ("a", "e", "r") or (
                answer.isdecimal() and 1 <= int(answer) <= len(sentences)
            ):
                self._do(doubt, answer, sentences)
                return True

    def _do(self, doubt: "Doubt", answer: str, sentences: list[str]) -> None:
        from showtell.batch.review import reject, settle

        text = sentences[int(answer) - 1] if answer.isdecimal() else doubt.caption
        if answer == "e":
            asked = f"your sentence [{one_line(text)}]"
            text = click.prompt(asked, default=text, show_default=False, err=True).strip() or text
        try:
            if answer == "r":
                reject(doubt)
            else:
                settle(doubt, text, self._person)
            self.changed += 1
        except (ShowtellError, OSError) as error:
            console.error(str(error))

    def _sentences(self, doubt: "Doubt") -> list[str]:
        """Give our caption and what else the model would say."""
        try:
            found = [one.text for one in self._captioner.caption(doubt.photo).candidates]
        except ImageError:
            found = []
        return list(dict.fromkeys([doubt.caption, *found]))[:SHOWN]


def _show(photo: Path) -> None:
    """Draw the photo where the terminal has the colours for it."""
    terminal = console.stderr()
    if terminal.color_system != "truecolor":
        return
    from showtell.cli.thumbnail import draw

    try:
        terminal.print(draw(photo, min(terminal.width, 80), 20))
    except ImageError as error:
        console.error(str(error))
