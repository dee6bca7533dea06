"""Batches fetched while the network is busy with the one before."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Give items in order, the next one being made in a thread meanwhile."""
    iterator = iter(items)
    end = object()
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, iterator, end)
        while (item := upcoming.result()) is not end:
            upcoming = pool.submit(next, iterator, end)
            yield item  # type: ignore[misc]


def grouped(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give lists of `size` items, the last one maybe shorter."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
