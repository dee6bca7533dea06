"""Captions and references to compare implementations on: awkward ones by hand, and any at all.

Each sample is (captions, references): for every image a list of words, and a list of such lists.
"""

from hypothesis import strategies as st

DOG = ["a", "dog", "runs", "through", "the", "tall", "green", "grass"]
CAT = ["the", "black", "cat", "sleeps", "on", "a", "red", "chair"]

AWKWARD = {
    "identical": ([DOG, CAT], [[DOG], [CAT]]),
    "identical, one image": ([DOG], [[DOG]]),
    "one image, references of other lengths": ([DOG[:4]], [[DOG, DOG[:5], CAT[:1], DOG * 2]]),
    "closest length is a tie": ([DOG[:4], CAT], [[DOG[:5], DOG[:3]], [CAT * 2, []]]),
    "nothing in common": ([["zebra"] * 5, ["x", "y"]], [[DOG, CAT], [CAT]]),
    "empty caption": ([[], CAT], [[DOG], [CAT, DOG]]),
    "all captions empty": ([[], []], [[DOG], [CAT]]),
    "empty reference": ([DOG, CAT], [[[]], [CAT, []]]),
    "empty caption, empty reference": ([[], CAT], [[[]], [CAT]]),
    "one word": ([["dog"], ["cat"]], [[DOG, ["dog"]], [["cat", "cat"]]]),
    "three words": ([DOG[:3], CAT[:3]], [[DOG[:3]], [CAT]]),
    "longer than all references": ([DOG * 3, CAT], [[DOG, DOG[:3]], [CAT[:2]]]),
    "one word repeated": ([["the"] * 9, DOG], [[CAT, ["the"] * 2], [DOG]]),
    "a reference given twice": ([DOG, CAT], [[DOG, DOG, CAT], [CAT, CAT]]),
    "the same references for all": ([DOG, CAT, []], [[DOG, CAT], [DOG, CAT], [DOG, CAT]]),
    "1 to 8 references": (
        [DOG[i:] + CAT[:i] for i in range(8)],
        [[DOG[j:] + CAT[: i + j] for j in range(i + 1)] for i in range(8)],
    ),
}

_sentences = st.lists(st.sampled_from(["a", "the", "dog", "cat", "runs", "'s"]), max_size=12)
_images = st.tuples(_sentences, st.lists(_sentences, min_size=1, max_size=8))
SAMPLES = (
    st.lists(_images, min_size=1, max_size=6)
    .filter(lambda images: any(any(refs) for _, refs in images))  # COCO's CIDEr needs a word
    .map(lambda images: tuple(map(list, zip(*images, strict=True))))
)
