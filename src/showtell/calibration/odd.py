"""Pictures that are no photos, drawn on the spot: what a captioner must not be sure of."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = 320  # pixels, square
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def draw_odd(kind: str, count: int, *, seed: int = 0) -> list[Image.Image]:
    """Draw some pictures of a kind, one of `KINDS`."""
    return [KINDS[kind](Random(f"{seed}-{kind}-{i}")) for i in range(count)]


def _plain(random: Random) -> Image.Image:
    """One colour, or two that run into each other."""
    image = Image.new("RGB", (SIZE, SIZE), _colour(random))
    if random.random() < 0.5:
        ramp = Image.linear_gradient("L").rotate(random.choice((0, 90, 180, 270)))
        image.paste(Image.new("RGB", (SIZE, SIZE), _colour(random)), mask=ramp.resize((SIZE, SIZE)))
    return image


def _noise(random: Random) -> Image.Image:
    """Independent pixels, coarse or fine, grey or coloured, sharp or blurred."""
    generator = np.random.default_rng(random.getrandbits(32))
    side = random.choice((10, 40, 160, SIZE))
    pixels = generator.integers(0, 256, (side, side, random.choice((1, 3))), np.uint8)
    image = Image.fromarray(np.broadcast_to(pixels, (side, side, 3)).copy())
    image = image.resize(
        (SIZE, SIZE), random.choice((Image.Resampling.NEAREST, Image.Resampling.BICUBIC))
    )
    return image.filter(ImageFilter.GaussianBlur(random.choice((0, 0, 3))))


def _text(random: Random) -> Image.Image:
    """A page of text, dark on light or light on dark, perhaps a little turned, as scanned."""
    light, dark = random.randint(215, 255), random.randint(0, 60)
    paper, ink = (light, dark) if random.random() < 0.85 else (dark, light)
    image = Image.new("L", (SIZE, SIZE), paper)
    draw, size = ImageDraw.Draw(image), random.randint(9, 22)
    left, right = random.randint(8, 40), SIZE - random.randint(8, 60)
    for top in range(random.randint(8, 40), SIZE - size, int(1.4 * size)):
        if random.random() > 0.1:  # else: the end of a paragraph
            _write(draw, random, (left, top, right), size, ink)
    turned = image.rotate(random.uniform(-2, 2), fillcolor=paper)
    return turned.convert("RGB")


def _screenshot(random: Random) -> Image.Image:
    """Windows with title bars, text, buttons and fields."""
    image = Image.new("RGB", (SIZE, SIZE), _colour(random))
    draw = ImageDraw.Draw(image)
    dark = random.random() < 0.3
    for _ in range(random.randint(1, 3)):
        x, y = random.randint(0, 120), random.randint(0, 120)
        width, height = random.randint(140, SIZE), random.randint(120, SIZE)
        base = random.randint(20, 60) if dark else random.randint(225, 255)
        ink = 230 if dark else 30
        draw.rectangle((x, y, x + width, y + height), (base, base, base), outline=(128, 128, 128))
        draw.rectangle((x, y, x + width, y + 16), _colour(random))
        for top in range(y + 24, min(SIZE, y + height) - 14, 15):
            kind = random.random()
            if kind < 0.65:
                grey = (ink, ink, ink)
                _write(draw, random, (x + 8, top, x + random.randint(60, width)), 10, grey)
            elif kind < 0.8:
                box = (x + 8, top, x + random.randint(40, 110), top + 12)
                draw.rounded_rectangle(box, 3, _colour(random))
    return image


def _drawing(random: Random) -> Image.Image:
    """Lines and filled shapes, as a child or a clip-art draws."""
    image = Image.new("RGB", (SIZE, SIZE), _colour(random) if random.random() < 0.3 else "white")
    draw = ImageDraw.Draw(image)
    for _ in range(random.randint(2, 14)):
        box = sorted(random.randint(0, SIZE) for _ in range(2))
        rows = sorted(random.randint(0, SIZE) for _ in range(2))
        corners = (box[0], rows[0], box[1] + 1, rows[1] + 1)
        fill = _colour(random) if random.random() < 0.6 else None
        line, width = _colour(random), random.randint(1, 6)
        shape = random.choice(("ellipse", "rectangle", "polygon", "line", "arc"))
        points = [(random.randint(0, SIZE), random.randint(0, SIZE)) for _ in range(5)]
        if shape == "ellipse":
            draw.ellipse(corners, fill, line, width)
        elif shape == "rectangle":
            draw.rectangle(corners, fill, line, width)
        elif shape == "polygon":
            draw.polygon(points, fill, line)
        elif shape == "line":
            draw.line(points, line, width, joint="curve")
        else:
            draw.arc(corners, random.randint(0, 180), random.randint(180, 360), line, width)
    return image


def _chart(random: Random) -> Image.Image:
    """Axes with bars or curves."""
    image = Image.new("RGB", (SIZE, SIZE), "white")
    draw = ImageDraw.Draw(image)
    left, bottom = random.randint(25, 50), SIZE - random.randint(25, 50)
    for _ in range(random.randint(1, 4)):
        colour, count = _colour(random), random.randint(4, 14)
        step = (SIZE - left - 15) / count
        tops = [random.randint(20, bottom) for _ in range(count)]
        if random.random() < 0.5:
            for i, top in enumerate(tops):
                x = left + i * step
                draw.rectangle((x + 2, top, x + 0.8 * step + 2, bottom), colour)
        else:
            points = [(left + i * step, top) for i, top in enumerate(tops)]
            draw.line(points, colour, random.randint(1, 3))
    draw.line([(left, 15), (left, bottom), (SIZE - 10, bottom)], "black", 2)
    for i in range(5):
        _write(draw, random, (4, 20 + i * (bottom - 20) // 5, left - 4), 9, "black")
    _write(draw, random, (left, bottom + 6, SIZE - 10), 10, "black")
    return image


def _write(
    draw: ImageDraw.ImageDraw,
    random: Random,
    where: tuple[int, int, int],
    size: int,
    ink: "int | str | tuple[int, int, int]",
) -> None:
    """Write letters from (left, top) to the right edge."""
    left, top, right = where
    line = ""
    while len(line) * size * 0.5 < right - left:
        line += "".join(random.choices(LETTERS, k=random.randint(1, 9))) + " "
    draw.text((left, top), line[: max(1, int((right - left) / (size * 0.5)))], ink, _font(size))


def _font(size: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    return ImageFont.load_default(size)


def _colour(random: Random) -> tuple[int, int, int]:
    return random.randint(0, 255), random.randint(0, 255), random.randint(0, 255)


KINDS: dict[str, Callable[[Random], Image.Image]] = {
    "plain colour": _plain,
    "noise": _noise,
    "text page": _text,
    "screenshot": _screenshot,
    "drawing": _drawing,
    "chart": _chart,
}
