"""BLEU, ROUGE-L and CIDEr beside pycocoevalcap on the same captions, and CIDEr-D as a reward.

Both read tokens: 5,000 images with 5 references each, interleaved, the median of rounds. Memory is
what Python and NumPy allocate at most while scoring, for three sizes.
"""

import argparse
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from showtell.data.pairing import all_of
from showtell.data.reading.caption_files import read_captions
from showtell.metrics import CiderD, bleu, cider, rouge_l
from showtell.metrics.meteor import meteor, meteor_java
from showtell.metrics.tokenizer import ptb_tokenize

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("references", type=Path, help="such as Flickr8k.token.txt")
parser.add_argument("--images", type=int, default=5000)
parser.add_argument("--rounds", type=int, default=5)
options = parser.parse_args()

METEOR_IMAGES = 1000
chance = random.Random(0)
texts = list(all_of(read_captions(options.references)).values())[: options.images]
started = time.perf_counter()
references = [[ptb_tokenize(text) for text in of_one] for of_one in texts]
tokenizing_s = time.perf_counter() - started
num_sentences = sum(map(len, references))
# Captions as a system writes them: half right, half of another photo.
captions = [
    chance.choice(chance.choice(references)) if chance.random() < 0.5 else chance.choice(refs)
    for refs in references
]


def coco(scorer: Any) -> Callable[[], tuple[Any, Any]]:
    """Let pycocoevalcap score the same tokens."""
    humans = {i: [" ".join(words) for words in refs] for i, refs in enumerate(references)}
    system = {i: [" ".join(words)] for i, words in enumerate(captions)}
    return lambda: scorer(humans, system)


def pycocoevalcap() -> dict[str, Callable[[], tuple[Any, Any]]]:
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    return {
        "BLEU-1..4": coco(lambda h, s: Bleu(4).compute_score(h, s, verbose=0)),
        "ROUGE-L": coco(lambda h, s: Rouge().compute_score(h, s)),
        "CIDEr": coco(lambda h, s: Cider().compute_score(h, s)),
    }


ours = {"BLEU-1..4": bleu, "ROUGE-L": rouge_l, "CIDEr": cider}
theirs = pycocoevalcap()
times: dict[str, list[tuple[float, float]]] = {name: [] for name in ours}
gaps = dict.fromkeys(ours, 0.0)
for _ in range(options.rounds):
    for name, metric in ours.items():
        marks = [time.perf_counter()]
        result = metric(captions, references)
        marks.append(time.perf_counter())
        corpus, each = theirs[name]()
        marks.append(time.perf_counter())
        times[name].append((marks[1] - marks[0], marks[2] - marks[1]))
        each = np.array(each).reshape(len(result.names), -1).T
        gaps[name] = max(
            gaps[name],
            float(np.abs(result.corpus - np.array(corpus)).max()),
            float(np.abs(result.per_image - each).max()),
        )

print(f"{len(texts)} images, {num_sentences} references, median of {options.rounds} rounds")
print(f"{'':<12}{'showtell':>10}{'pycocoevalcap':>15}{'speed':>8}{'largest gap':>14}")
for name, pairs in times.items():
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{name:<12}{mine:>9.3f}s{other:>14.3f}s{other / mine:>7.1f}x{gaps[name]:>14.0e}")
print(f"\ntokenising   {tokenizing_s:.2f} s, {num_sentences / tokenizing_s:,.0f} captions/s")

scorer = CiderD(references)
spent = []
for _ in range(200):
    images = [i for i in chance.sample(range(len(references)), 20) for _ in range(5)]
    samples = [chance.choice(references[i]) for i in images]
    started = time.perf_counter()
    scorer.score(samples, images)
    spent.append(1000 * (time.perf_counter() - started))
print(
    f"CIDEr-D      {statistics.median(spent):.1f} ms for 5 samples of each of 20 images, "
    f"against the cached references of {len(references)} "
    f"(95 % within {np.quantile(spent, 0.95):.1f} ms)"
)

small = captions[:METEOR_IMAGES], references[:METEOR_IMAGES]
started = time.perf_counter()
found = meteor(*small)
middle = time.perf_counter()
expected = meteor_java(*small)
ended = time.perf_counter()
print(
    f"METEOR       {middle - started:.1f} s in Python, {ended - middle:.1f} s by the jar for "
    f"{METEOR_IMAGES} images, reading the data included; largest gap "
    f"{np.abs(found.per_image - expected.per_image).max():.0e}"
)

print("\nmemory of BLEU, ROUGE-L and CIDEr together, by captions")
for share in (0.25, 0.5, 1.0):
    size = int(share * len(references))
    tracemalloc.start()
    for metric in ours.values():
        metric(captions[:size], references[:size])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{size:>8} images{peak / 2**20:>9.1f} MiB{peak / size / 1024:>9.1f} KiB an image")
