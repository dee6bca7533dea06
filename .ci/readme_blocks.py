"""Run the ```bash blocks of a Markdown file, each as it stands, one after the other."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("file", type=Path)
parser.add_argument("--first", type=int, help="only so many")
parser.add_argument("--skip", type=int, default=0, help="not the first ones")
options = parser.parse_args()

blocks = re.findall(r"^```bash\n(.*?)^```", options.file.read_text("utf-8"), re.M | re.S)
chosen = blocks[: options.first][options.skip :]
if not chosen:
    sys.exit(f"{options.file} has only {len(blocks)} blocks")
for block in chosen:
    print(f"\n$ {block.strip()}", flush=True)
    subprocess.run(["bash", "-euo", "pipefail", "-c", block], check=True)
