"""Work ahead of whoever takes the results: see `showtell.batch.ahead`."""

import threading
import time

import pytest

from showtell.batch.ahead import in_order


def test_results_come_in_order_whatever_is_ready_first() -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0)
        return number

    assert list(in_order(slow_at_first, range(20), threads=4, ahead=5)) == list(range(20))


def test_no_more_is_begun_than_may_wait() -> None:
    begun = []
    results = in_order(begun.append, range(100), threads=2, ahead=5)
    next(results)
    assert len(begun) <= 6
    results.close()
    assert len(begun) <= 6


def test_items_are_taken_in_the_callers_thread() -> None:
    threads = set()

    def items():
        for number in range(10):
            threads.add(threading.current_thread())
            yield number

    list(in_order(str, items(), threads=4, ahead=3))
    assert threads == {threading.current_thread()}


def test_an_error_reaches_the_caller_in_its_place() -> None:
    results = in_order(lambda number: 1 // number, [1, 0, 1], threads=2, ahead=2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_in_gives_nothing_out() -> None:
    assert list(in_order(str, [], threads=2, ahead=2)) == []
