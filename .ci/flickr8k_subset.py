"""Make a small Flickr8k of links to the first images of the real one."""

import argparse
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--train", type=int, required=True, help="images")
parser.add_argument("--val", type=int, required=True, help="images")
options = parser.parse_args()

files = {path.name: path.resolve() for path in options.source.rglob("*") if path.is_file()}
text, images = options.out / "Flickr8k_text", options.out / "Flicker8k_Dataset"
for folder in (text, images):
    folder.mkdir(parents=True)
kept = set()
for name, count in (("trainImages", options.train), ("devImages", options.val)):
    ids = files[f"Flickr_8k.{name}.txt"].read_text("utf-8").split()[:count]
    (text / f"Flickr_8k.{name}.txt").write_text("\n".join(ids) + "\n", "utf-8")
    kept.update(ids)
lines = files["Flickr8k.token.txt"].read_text("utf-8").split("\n")
chosen = [line for line in lines if line.partition("#")[0] in kept]
(text / "Flickr8k.token.txt").write_text("\n".join(chosen) + "\n", "utf-8")
for image_id in kept:
    (images / image_id).symlink_to(files[image_id])
