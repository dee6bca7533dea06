"""Fetching the next batch while the last is used."""

from collections.abc import Iterator

import pytest

from showtell.data.batches.ahead import ahead, grouped


def test_items_come_in_order_and_all_of_them() -> None:
    assert list(ahead(range(7))) == list(range(7))
    assert list(ahead([None, None])) == [None, None]
    assert list(ahead([])) == []


def test_an_error_in_the_making_reaches_the_user_of_the_items() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_one_item_more_than_needed_is_made_and_not_all() -> None:
    made: list[int] = []

    def counting() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    items = ahead(counting())
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert made == [0, 1]


def test_groups_are_full_but_for_the_last() -> None:
    assert list(grouped(range(5), 2)) == [[0, 1], [2, 3], [4]]
