"""Work in threads: in order, bounded, and over at the first error."""

import time
from threading import Lock

import pytest

from reprompt.data.files.decoding import AHEAD, in_threads


def test_results_come_in_order_though_the_first_takes_longest():
    assert list(in_threads(lambda n: time.sleep(0.002 * (9 - n)) or n, range(10), 4)) == list(range(10))


def test_no_more_is_begun_than_can_wait():
    begun, lock = [], Lock()

    def work(n):
        with lock:
            begun.append(n)
        return n

    results = in_threads(work, range(10_000), 2)
    assert next(results) == 0
    time.sleep(0.05)
    assert len(begun) <= 2 * AHEAD + 1
    results.close()


def test_an_error_ends_the_work_at_once():
    begun = []

    def work(n):
        begun.append(n)
        if n == 3:
            raise ValueError("picture 3")
        return n

    with pytest.raises(ValueError, match="picture 3"):
        list(in_threads(work, range(10_000), 2))
    assert len(begun) < 100
