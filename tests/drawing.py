"""A dataset that we draw ourselves, in Flickr8k's own layout.

The pictures show one coloured shape each and the captions say which, so that a model trained on
the twelve train pictures has something to learn. `python tests/drawing.py FOLDER` draws it.
"""

import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = {"red": (210, 30, 30), "green": (30, 150, 40), "blue": (40, 60, 210), "black": (0, 0, 0)}
SHAPES = ("circle", "square", "triangle")
SENTENCES = (
    "A {colour} {shape} on a white background .",
    "The {shape} is {colour} .",
    "There is one {colour} {shape} .",
    "A {shape} that is {colour} .",
    "A picture of a {colour} {shape} .",
)
TRAIN = [(colour, shape) for colour in COLOURS for shape in SHAPES]
SPLITS = {
    "Flickr_8k.trainImages.txt": TRAIN,
    "Flickr_8k.devImages.txt": [TRAIN[i] for i in (0, 4, 8, 9)],  # the same things, drawn elsewhere
    "Flickr_8k.testImages.txt": [TRAIN[i] for i in (2, 7)],
}


def draw_flickr8k(root: Path) -> Path:
    """Draw a folder as Flickr8k's two zips unpack to: 12 train, 4 val and 2 test pictures."""
    text, images = root / "Flickr8k_text", root / "Flicker8k_Dataset"
    text.mkdir(parents=True)
    images.mkdir()
    captions, number = [], 0
    for split_file, pictures in SPLITS.items():
        names = []
        for colour, shape in pictures:
            number += 1
            names.append(f"{number:04d}_{colour}_{shape}.jpg")
            draw_shape(colour, shape, seed=number).save(images / names[-1], quality=90)
            captions += [
                f"{names[-1]}#{i}\t{sentence.format(colour=colour, shape=shape)}\n"
                for i, sentence in enumerate(SENTENCES)
            ]
        (text / split_file).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    (text / "Flickr8k.token.txt").write_text("".join(captions), encoding="utf-8")
    return root


def draw_folder(root: Path) -> Path:
    """Draw 24 pictures with a .txt of three captions beside each, half of them in a folder."""
    for number in range(24):
        colour, shape = TRAIN[number % len(TRAIN)]
        path = root / ("more shapes" if number % 2 else ".") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_shape(colour, shape, seed=number).save(path)
        lines = [sentence.format(colour=colour, shape=shape) for sentence in SENTENCES[:3]]
        path.with_suffix(".txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return root


def draw_shape(colour: str, shape: str, *, seed: int) -> Image.Image:
    """Draw one shape, of a size and at a place that the seed decides."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (96, 72), "white")
    side = chance.randint(36, 54)
    left, top = chance.randint(4, 90 - side), chance.randint(4, 66 - side)
    box = (left, top, left + side, top + side)
    draw = ImageDraw.Draw(picture)
    if shape == "circle":
        draw.ellipse(box, fill=COLOURS[colour])
    elif shape == "square":
        draw.rectangle(box, fill=COLOURS[colour])
    else:
        apex, base = (left + side // 2, top), top + side
        draw.polygon([apex, (left, base), (left + side, base)], fill=COLOURS[colour])
    return picture


if __name__ == "__main__":
    draw_flickr8k(Path(sys.argv[1]))
