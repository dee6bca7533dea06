"""Optional dependencies: asked for by name, refused with the command that installs them."""

from importlib.util import find_spec

from showtell.errors import MissingExtraError

MODULES = {
    "train": ("torch", "safetensors", "onnx", "onnxscript", "matplotlib"),
    "parquet": ("pyarrow",),
    "watch": ("watchfiles",),
    "tensorboard": ("tensorboard",),
    "keras": ("keras",),
    "timm": ("timm",),
    "meteor": ("pycocoevalcap", "snowballstemmer"),
    "java": ("pycocoevalcap",),
}


def require_extra(extra: str, *, purpose: str) -> None:
    """Check that an extra is installed, before anything slow begins.

    Raises:
        MissingExtraError: a module of it is missing.
    """
    missing = [name for name in MODULES[extra] if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{purpose} needs packages that are not installed ({', '.join(missing)}): "
            f"pip install 'showtell[{extra}]', or '.[{extra}]' in a clone"
        )
