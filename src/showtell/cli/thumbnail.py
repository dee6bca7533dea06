"""A photo in the terminal: two pixels to a character, one above the other."""

from pathlib import Path

from PIL import Image, ImageOps
from rich.color import Color
from rich.style import Style
from rich.text import Text

from showtell.images import open_rgb

UPPER_HALF = "▀"


def draw(photo: Path, columns: int, rows: int) -> Text:
    """Draw a photo into a box of columns × rows characters.

    Raises:
        ImageError: it cannot be read.
    """
    rgb = open_rgb(photo, at_least=2 * max(columns, 2 * rows)).rgb
    picture = ImageOps.contain(rgb, (columns, 2 * rows), Image.Resampling.BOX)
    lines = []
    for y in range(0, picture.height - picture.height % 2, 2):
        line = Text()
        for x in range(picture.width):
            upper, lower = picture.getpixel((x, y)), picture.getpixel((x, y + 1))
            line.append(UPPER_HALF, Style(color=_colour(upper), bgcolor=_colour(lower)))
        lines.append(line)
    return Text("\n").join(lines)


def _colour(pixel: object) -> Color:
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return Color.from_rgb(red, green, blue)
