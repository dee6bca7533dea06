"""Photos with their sentences beneath, as one picture."""

import io
import math
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from showtell.files import write_atomically
from showtell.images import ImageSource, open_rgb

CELL = 360  # pixels, the side of the square a photo is fitted into
MARGIN = 16
FONT_SIZE = 20
LINE_HEIGHT = 26
MAX_COLUMNS = 4
FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "arial.ttf", "Arial.ttf")


def draw_sheet(items: Sequence[tuple[ImageSource, str]]) -> Image.Image:
    """Draw (photo, sentence) pairs in rows of up to four, in the order given.

    A sentence may hold line breaks.

    Raises:
        ImageError: a photo cannot be read.
    """
    columns = min(MAX_COLUMNS, math.ceil(math.sqrt(len(items))))
    font = load_font()
    wrapped = [
        [line for part in text.split("\n") for line in wrap(part, font, CELL)] for _, text in items
    ]
    rows = [range(i, min(i + columns, len(items))) for i in range(0, len(items), columns)]
    text_heights = [LINE_HEIGHT * max(len(wrapped[i]) for i in row) for row in rows]
    width = columns * (CELL + MARGIN) + MARGIN
    height = sum(CELL + 2 * MARGIN + text_height for text_height in text_heights) + MARGIN
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    top = MARGIN
    for row, text_height in zip(rows, text_heights, strict=True):
        for column, index in enumerate(row):
            left = MARGIN + column * (CELL + MARGIN)
            # What has a sentence was read before, however large it is.
            found = open_rgb(items[index][0], at_least=CELL, max_image_mpixels=math.inf)
            photo = ImageOps.contain(found.rgb, (CELL, CELL))
            offset = (CELL - photo.width) // 2, CELL - photo.height  # just above its sentence
            sheet.paste(photo, (left + offset[0], top + offset[1]))
            for number, line in enumerate(wrapped[index]):
                y = top + CELL + MARGIN // 2 + number * LINE_HEIGHT
                draw.text((left + CELL / 2, y), line, fill="black", font=font, anchor="ma")
        top += CELL + 2 * MARGIN + text_height
    return sheet


def save_sheet(path: Path, items: Sequence[tuple[ImageSource, str]]) -> None:
    """Draw (photo, sentence) pairs into a PNG file."""
    buffer = io.BytesIO()
    draw_sheet(items).save(buffer, format="PNG", optimize=True)
    write_atomically(path, buffer.getvalue())


def wrap(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Break a sentence into lines no wider than `width` pixels; a word wider than that, too."""
    lines: list[str] = []
    for word in [piece for whole in text.split() for piece in _break(whole, font, width)]:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def _break(word: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Cut a word into pieces no wider than `width`: a path or a URL has no blanks."""
    pieces = [""]
    for character in word:
        if pieces[-1] and font.getlength(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


@cache
def load_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Take a font of the system that has more letters than Pillow's own, whose ü is a box."""
    bundled = find_spec("matplotlib")  # DejaVu comes with it; nothing is imported
    places = bundled.submodule_search_locations if bundled else None
    extra = [f"{place}/mpl-data/fonts/ttf/DejaVuSans.ttf" for place in places or ()]
    for name in (*FONTS, *extra):
        try:
            return ImageFont.truetype(name, FONT_SIZE)
        except OSError:
            continue
    return ImageFont.load_default(FONT_SIZE)
