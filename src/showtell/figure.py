"""Photos with their sentences beneath, as one picture."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from showtell.files import write_atomically
from showtell.images import ImageSource, open_rgb

CELL = 360  # pixels, the side of the square a photo is fitted into
MARGIN = 16
FONT_SIZE = 20
LINE_HEIGHT = 26
MAX_COLUMNS = 4


def draw_sheet(items: Sequence[tuple[ImageSource, str]]) -> Image.Image:
    """Draw (photo, sentence) pairs in rows of up to four, in the order given.

    A sentence may hold line breaks.

    Raises:
        ImageError: a photo cannot be read.
    """
    columns = min(MAX_COLUMNS, math.ceil(math.sqrt(len(items))))
    font = ImageFont.load_default(FONT_SIZE)
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
            photo = ImageOps.contain(open_rgb(items[index][0], at_least=CELL)[0], (CELL, CELL))
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
    """Break a sentence into lines no wider than `width` pixels; a long word stands alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]
