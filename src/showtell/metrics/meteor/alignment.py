"""Which of the possible matches METEOR uses: a beam search along the words of the reference.

No word is matched twice. Of two alignments the better covers more words (an inexact match counts
half its words, rounded down on either side), then has fewer chunks, then the smaller distance. A
chunk is a run of matches that are neighbours in both sentences.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from showtell.metrics.meteor.matching import EXACT, Match

BEAM_SIZE = 40


class _Option(NamedTuple):
    """A match, prepared for the search. A mask has a bit for each word of a sentence."""

    match: Match
    covered: int  # words of both sentences, weighted
    distance: int  # words between the beginnings in the two sentences
    used: int  # mask of the reference
    caption_used: int  # mask of the caption


class _Path(NamedTuple):
    """An alignment of the reference up to some word."""

    covered: int
    chunks: int  # complete ones
    distance: int
    used: int
    caption_used: int
    next: int  # the first word of the reference after the last match
    caption_next: int  # the same in the caption; -1 where no chunk is open
    matches: tuple[Match, ...]


def align(matches: Sequence[Sequence[Match]]) -> tuple[tuple[Match, ...], int]:
    """Choose among matches, given for each word of the reference as those that begin there.

    Returns:
        The matches by their place in the reference, and the number of chunks they form.
    """
    options = [[_prepare(match) for match in here] for here in matches]
    fixed = _undisputed(options)
    used = sum(option.used for option in fixed.values())
    caption_used = sum(option.caption_used for option in fixed.values())
    paths = [_Path(0, 0, 0, used, caption_used, 0, -1, ())]
    for position, here in enumerate(options):
        paths = [
            longer
            for path in sorted(paths, key=_rank)[:BEAM_SIZE]
            for longer in _advance(path, position, here, fixed.get(position))
        ]
    # Sorted before and after the last chunk is closed: of equals the first wins.
    best = min(map(_close_chunk, sorted(paths, key=_rank)[:BEAM_SIZE]), key=_rank)
    return best.matches, best.chunks


def _prepare(match: Match) -> _Option:
    start, length, caption_start, caption_length, matcher = match
    return _Option(
        match,
        length + caption_length if matcher == EXACT else length // 2 + caption_length // 2,
        abs(start - caption_start),
        ((1 << length) - 1) << start,
        ((1 << caption_length) - 1) << caption_start,
    )


def _undisputed(options: Sequence[Sequence[_Option]]) -> dict[int, _Option]:
    """Give the matches, by their first word, whose words no other match wants."""
    matches = [option.match for here in options for option in here]
    wanted, caption_wanted = Counter[int](), Counter[int]()
    for start, length, caption_start, caption_length, _ in matches:
        wanted.update(range(start, start + length))
        caption_wanted.update(range(caption_start, caption_start + caption_length))
    disputed = sum(1 << word for word, count in wanted.items() if count > 1)
    caption_disputed = sum(1 << word for word, count in caption_wanted.items() if count > 1)
    return {
        option.match.start: option
        for here in options
        for option in here
        if not (option.used & disputed or option.caption_used & caption_disputed)
    }


def _advance(
    path: _Path, position: int, options: Sequence[_Option], fixed: _Option | None
) -> Iterator[_Path]:
    """Yield the path with each way to treat the next word of the reference; the last skips it."""
    if position < path.next:
        yield path
        return
    if fixed is not None:
        yield _extend(path, fixed, path.distance + fixed.distance)
        return
    distance = path.distance
    for option in options:
        if not (path.used & option.used or path.caption_used & option.caption_used):
            # METEOR 1.5 adds a match's distance not to the path that takes the match but to those
            # that are tried after it. Part of the metric by now.
            yield _extend(path, option, distance)
            distance += option.distance
    yield _close_chunk(path)._replace(distance=distance, next=position + 1)


def _extend(path: _Path, option: _Option, distance: int) -> _Path:
    start, length, caption_start, caption_length, _ = option.match
    return _Path(
        path.covered + option.covered,
        path.chunks + (path.caption_next not in (-1, caption_start)),
        distance,
        path.used | option.used,
        path.caption_used | option.caption_used,
        start + length,
        caption_start + caption_length,
        (*path.matches, option.match),
    )


def _close_chunk(path: _Path) -> _Path:
    if path.caption_next == -1:
        return path
    return path._replace(chunks=path.chunks + 1, caption_next=-1)


def _rank(path: _Path) -> tuple[int, int, int]:
    return (-path.covered, path.chunks, path.distance)
