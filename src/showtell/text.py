"""Captions as tokens, stated once: training, search and scores all read captions this way.

The convention is *coco-style*: lower-case, punctuation dropped, the word "a" kept, clitics split
off as the Penn Treebank does ("man's" -> "man", "'s"; "don't" -> "do", "n't"), hyphenated words
kept whole ("t-shirt").
"""

import re

_CLITIC = r"'(?:s|re|ve|ll|d|m)\b"
_WORD = r"[^\W_]+(?:[-&][^\W_]+)*"
_NEGATED = r"[^\W_]+(?=n't\b)"  # the "do" of "don't"
_TOKEN = re.compile(rf"n't\b|{_CLITIC}|{_NEGATED}|{_WORD}")


def tokenize(caption: str) -> list[str]:
    """Split a caption into lower-case word tokens, without punctuation.

    >>> tokenize("A man's T-shirt doesn't fit .")
    ['a', 'man', "'s", 't-shirt', 'does', "n't", 'fit']
    """
    return _TOKEN.findall(caption.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def detokenize(tokens: list[str]) -> str:
    """Write tokens as a sentence: clitics joined, first letter large, a full stop at the end.

    `tokenize(detokenize(tokens)) == tokens` for any tokens that `tokenize` gave; no tokens give
    the empty string.

    >>> detokenize(["a", "man", "'s", "t-shirt"])
    "A man's t-shirt."
    """
    words = " ".join(tokens)
    for clitic in (" 's", " 're", " 've", " 'll", " 'd", " 'm", " n't"):
        words = re.sub(rf"{clitic}\b", clitic.strip(), words)
    return words[:1].upper() + words[1:] + "." if words else ""
