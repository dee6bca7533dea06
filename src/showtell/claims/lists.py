"""How our lists of words are written down: as one reads them, with blanks between."""


def word_set(text: str) -> frozenset[str]:
    """Read a list of words."""
    return frozenset(text.split())
