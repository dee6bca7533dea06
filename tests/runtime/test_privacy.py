"""Photos stay on the machine."""

import os
import subprocess
import sys
from pathlib import Path


def test_captioning_leaves_nothing_in_the_home_folder(
    flickr8k: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    """ONNX Runtime 1.32 would keep a database of events there, to be sent."""
    photo = min(flickr8k.rglob("*.jpg"))
    home = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME")}
    inherited = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-m", "showtell", str(photo), "--model", str(tiny_bundle)]
    subprocess.run(command, env=inherited | home, check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
