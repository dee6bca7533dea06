"""Make src/showtell/concepts/imagenet_words.tsv: ImageNet's classes in everyday words.

The rule: from a class's WordNet synset upwards, the first synset with a lemma that captions say
often enough gives `words`; the synsets above that one give `general`. Where a word above is far
more usual (dog for poodle), the more specific ones are left out. What the rule gets wrong is set by
hand in imagenet_words_exceptions.tsv, for a class or for any synset above classes. The classes
themselves, in ImageNet's order, are read from the table.

    python tools/imagenet_words.py --wordnet /usr/share/wordnet CAPTIONS [CAPTIONS ...]

CAPTIONS: text files, one caption a line, .gz allowed. WordNet 3.0: Debian's wordnet-base.
"""

import argparse
import csv
import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from showtell.text import tokenize

TABLE = Path(__file__).parents[1] / "src" / "showtell" / "concepts" / "imagenet_words.tsv"
EXCEPTIONS = Path(__file__).with_name("imagenet_words_exceptions.tsv")
COLUMNS = ("index", "wordnet_id", "class_name", "words", "general")

MIN_COUNT = 20  # captions that say a word
MIN_SHARE = 0.1  # of its synset's most usual lemma, to stand beside it
MAX_SENSE = 2  # a lemma's rarer senses are not what captions mean by it
FAR_MORE_USUAL = 150  # times


@dataclass(frozen=True, kw_only=True)
class Synset:
    """A sense of WordNet: its lemmas, and the synsets right above it."""

    lemmas: tuple[str, ...]  # words joined by "_"
    hypernyms: tuple[str, ...]  # wordnet ids


@dataclass(frozen=True, kw_only=True)
class WordNet:
    """The nouns of WordNet 3.0."""

    synsets: dict[str, Synset]  # by wordnet id, such as "n02084071"
    senses: dict[str, list[str]]  # of a lemma in lower case: wordnet ids, most usual first
    irregular: dict[str, str]  # singular to plural

    def climb(self, wordnet_id: str) -> list[str]:
        """List a synset and all above it, the most specific first."""
        found = [wordnet_id]
        for synset in found:  # grows while it is read
            found += [x for x in self.synsets[synset].hypernyms if x not in found]
        return sorted(found, key=self.depth, reverse=True)

    def depth(self, wordnet_id: str) -> int:
        """Count the steps down to a synset, by the longest way."""
        return max(
            (1 + self.depth(above) for above in self.synsets[wordnet_id].hypernyms), default=0
        )


@dataclass(frozen=True, kw_only=True)
class Named:
    """A row of the exceptions, for a class or for a synset above classes."""

    words: tuple[str, ...]  # empty: captions have no word for it
    general: tuple[str, ...] | None  # of a class; None: by the rule


class Namer:
    """Finds everyday words of synsets."""

    def __init__(
        self, wordnet: WordNet, counts: Counter[str], exceptions: dict[str, Named]
    ) -> None:
        self.wordnet, self.counts, self.exceptions = wordnet, counts, exceptions

    def name_class(self, wordnet_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give `words` and `general` of a class."""
        names = [words for x in self.wordnet.climb(wordnet_id) if (words := self.name_synset(x))]
        exception = self.exceptions.get(wordnet_id)
        if exception is None:
            words, *above = self.drop_unusual(names) or [()]
        else:
            words, above = exception.words, names
            if exception.general is not None:
                return words, exception.general
        return words, tuple(dict.fromkeys(x for more in above for x in more if x not in words))

    def drop_unusual(self, names: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Leave out the most specific names where one above is said far more often."""
        counts = [self.count(words[0]) for words in names]
        usual = (i for i, count in enumerate(counts) if count * FAR_MORE_USUAL >= max(counts))
        return names[next(usual, 0) :]

    def name_synset(self, wordnet_id: str) -> tuple[str, ...]:
        """Give the words that captions have for just this synset, most usual first."""
        if wordnet_id in self.exceptions:
            return self.exceptions[wordnet_id].words
        lemmas = [
            lemma
            for lemma in self.wordnet.synsets[wordnet_id].lemmas
            if wordnet_id in self.wordnet.senses[lemma.lower()][:MAX_SENSE]
            and self.counts[self.form(lemma)] >= MIN_COUNT
        ]
        lemmas.sort(key=self.count, reverse=True)
        usual = [x for x in lemmas if self.count(x) >= MIN_SHARE * self.count(lemmas[0])]
        # Of a compound its last word first: "street sign" is a sign.
        return tuple(dict.fromkeys(w for x in usual for w in reversed(self.form(x).split())))

    def count(self, lemma: str) -> int:
        """Count how often captions say a lemma, in the singular and in the plural."""
        return sum(self.counts[form] for form in set(self.forms(lemma)))

    def form(self, lemma: str) -> str:
        """Give the singular, or the plural where captions hardly know another ("jeans")."""
        singular, plural = self.forms(lemma)
        return singular if self.counts[singular] >= MIN_COUNT else plural

    def forms(self, lemma: str) -> tuple[str, str]:
        singular = lemma.lower().replace("_", " ")
        *first, last = singular.split(" ")
        return singular, " ".join([*first, self.wordnet.irregular.get(last) or add_s(last)])


def add_s(noun: str) -> str:
    """Make the regular plural.

    >>> add_s("cherry"), add_s("bus"), add_s("boy")
    ('cherries', 'buses', 'boys')
    """
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def count_words(captions: Iterable[str]) -> Counter[str]:
    """Count words, and pairs of words as they follow each other ("street sign")."""
    counts: Counter[str] = Counter()
    for caption in captions:
        tokens = tokenize(caption)
        counts.update(tokens)
        counts.update(" ".join(pair) for pair in pairwise(tokens))
    return counts


def read_wordnet(folder: Path) -> WordNet:
    """Read data.noun, index.noun and noun.exc: see `man 5 wndb`."""
    synsets, senses, irregular = {}, {}, {}
    for line in read_lines(folder / "data.noun"):
        if line.startswith(" "):  # the licence
            continue
        fields = line.split(" | ")[0].split()
        lemma_count = int(fields[3], 16)
        pointers = fields[5 + 2 * lemma_count :]  # groups of 4: kind, offset, part of speech, which
        synsets[f"n{fields[0]}"] = Synset(
            lemmas=tuple(fields[4 : 4 + 2 * lemma_count : 2]),
            hypernyms=tuple(
                f"n{offset}"
                for kind, offset in zip(pointers[::4], pointers[1::4], strict=False)
                if kind == "@"
            ),
        )
    for line in read_lines(folder / "index.noun"):
        if not line.startswith(" "):
            fields = line.split()
            senses[fields[0]] = [f"n{offset}" for offset in fields[-int(fields[2]) :]]
    for line in read_lines(folder / "noun.exc"):
        plural, singular = line.split()[:2]
        irregular[singular] = plural
    return WordNet(synsets=synsets, senses=senses, irregular=irregular)


def read_exceptions() -> dict[str, Named]:
    """Read the rows set by hand; "-" means no word, an empty `general` means by the rule."""
    return {
        row["wordnet_id"]: Named(
            words=split(row["words"]), general=split(row["general"]) if row["general"] else None
        )
        for row in read_rows(EXCEPTIONS)
    }


def split(words: str) -> tuple[str, ...]:
    return () if words == "-" else tuple(words.split())


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a table whose first line names its columns."""
    return list(csv.DictReader(read_lines(path), delimiter="\t", quoting=csv.QUOTE_NONE))


def read_lines(path: Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("captions", nargs="+", type=Path)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    arguments = parser.parse_args()
    wordnet = read_wordnet(arguments.wordnet)
    counts = count_words(line for path in arguments.captions for line in read_lines(path))
    namer = Namer(wordnet, counts, read_exceptions())
    classes = [row["wordnet_id"] for row in read_rows(TABLE)]
    rows = [COLUMNS]
    for index, wordnet_id in enumerate(classes):
        words, general = namer.name_class(wordnet_id)
        if rare := [word for word in (*words, *general) if counts[word] < MIN_COUNT]:
            parser.error(f"{wordnet_id}: captions hardly say {', '.join(rare)}")
        name = ", ".join(wordnet.synsets[wordnet_id].lemmas).replace("_", " ")
        rows.append((str(index), wordnet_id, name, " ".join(words), " ".join(general)))
    TABLE.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
