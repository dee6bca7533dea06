"""`showtell doctor`."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import click

from showtell.cli import console
from showtell.extras import MODULES

PACKAGES = ("showtell", "numpy", "pillow", "pi-heif", "onnxruntime", "click", "rich")
OPTIONAL = {
    **dict.fromkeys(MODULES["train"], "training"),
    **dict.fromkeys(MODULES["keras"], "an encoder of Keras"),
    **dict.fromkeys(MODULES["timm"], "an encoder of timm"),
    **dict.fromkeys(MODULES["meteor"], "METEOR"),
    **dict.fromkeys(MODULES["parquet"], "`--format parquet`"),
    **dict.fromkeys(MODULES["watch"], "`caption --watch`"),
    **dict.fromkeys(MODULES["tensorboard"], "`train --tensorboard`"),
}


@click.command("doctor", short_help="Check that this install is whole and works.")
def command() -> None:
    """Check this install: versions, threads, providers, and that every model is whole and works."""
    from PIL import Image

    from showtell.bundle import DEFAULT_MODEL, bundled_models
    from showtell.data.batches.cache import default_cache_dir
    from showtell.errors import BundleError
    from showtell.runtime.captioner import Captioner
    from showtell.runtime.session import available_cpus, default_threads, execution_providers

    console.line(f"python          {platform.python_version()} at {sys.executable}")
    console.line(f"platform        {platform.platform()}")
    for name in (*PACKAGES, *OPTIONAL):
        console.line(f"{name:<15} {_version(name)}")
    console.line(f"cores           {available_cpus()} available, {default_threads()} threads used")
    console.line(f"providers       {', '.join(execution_providers())}")
    console.line(f"cache           {default_cache_dir()}")
    models = bundled_models()
    if DEFAULT_MODEL not in models:
        raise BundleError(f"the default model {DEFAULT_MODEL!r} is missing; install showtell anew")
    for name, path in models.items():
        captioner = Captioner.load(path)
        bundle = captioner.bundle
        caption = captioner.caption(Image.new("RGB", (64, 64), "white"))
        mark = " (default)" if name == DEFAULT_MODEL else ""
        console.line(
            f"model           {name}{mark}: checksums right, sha256 {bundle.manifest.sha256[:12]}, "
            f"{bundle.num_bytes / 1e6:.1f} MB; {'answers' if caption.text else 'gives no sentence'}"
        )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return f"not installed (only {OPTIONAL.get(name, 'showtell')} needs it)"
