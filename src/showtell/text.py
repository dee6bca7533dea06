"""Captions as tokens, stated once: training, search and scores all read captions this way.

The convention is *coco-style*: lower-case, punctuation dropped, the word "a" kept, clitics split
off as the Penn Treebank does ("man's" -> "man", "'s"; "don't" -> "do", "n't"), hyphenated words
kept whole ("t-shirt").
"""

import re

# "'s", "n't" …: ends where a word ends, or where one more "n't" begins.
_CLITIC = r"(?:'(?:s|re|ve|ll|d|m)|n't)(?=\b|n't)"
_WORD = r"[^\W_]+(?:[-&][^\W_]+)*"
_TOKEN = re.compile(rf"{_CLITIC}|{_WORD}(?={_CLITIC})|{_WORD}")  # "do" before "n't", not "don"

# What a sentence that broke off ends with; the search ends none so.
DANGLING = ("a", "the", "of", "with", "in", "and")


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
    sentence = re.sub(rf" (?={_CLITIC})", "", " ".join(tokens))
    first = sentence[:1]
    if first.upper().lower() == first:  # not so for "ß" or "ﬁ": the capital is another word
        sentence = first.upper() + sentence[1:]
    return f"{sentence}." if sentence else ""
