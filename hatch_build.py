"""README as a package index shows it, where none of the files that it links to lie beside it.

Links and pictures lead to `[project.urls] Source` of pyproject.toml. As long as the project has no
public address, links become their words and pictures are left out.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://)([^)]*)\)")


class Readme(MetadataHookInterface):
    """Gives the package's description."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "README.md").read_text("utf-8")
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {"content-type": "text/markdown", "text": for_an_index(text, source)}


def for_an_index(text: str, source: str | None) -> str:
    """Let Markdown's relative links and pictures lead to a repository's address, if it has one."""

    def elsewhere(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if source is None:
            return "" if picture else words
        if target.startswith("#"):
            return f"[{words}]({source}{target})"
        kind = "raw" if picture else "blob"
        return f"{picture}[{words}]({source}/{kind}/HEAD/{target})"

    return _LINK.sub(elsewhere, text)
