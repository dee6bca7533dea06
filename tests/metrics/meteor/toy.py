"""METEOR's data in small: lists that fit on a page, written as pycocoevalcap has them."""

import gzip
import zipfile

LISTS = {
    "function/english.words": "a\nthe\non\n",
    "nonbreaking/english.prefixes": "# a comment\n\nMr\nNo #NUMERIC_ONLY#\n",
    "synonym/english.synsets": "car\n1\nauto\n1 2\ncarly\n1\nmouse\n3\nman\n4\nglas\n5\n",
    "synonym/english.exceptions": "mouse\nmice\n",
}
PARAPHRASES = "0.5\nin front of\nbefore\n0.1\na lot of\nmany\n"


def write_jar(path, lists=LISTS):
    with zipfile.ZipFile(path, "w") as jar:
        for name, text in lists.items():
            jar.writestr(name, text)


def write_table(path, text=PARAPHRASES):
    path.write_bytes(gzip.compress(text.encode()))
