"""Work in threads: in order, bounded, and over at the first error."""

import time
from threading import Lock, get_ident

import pytest

from reprompt.foundation.threads import AHEAD, in_threads, read_ahead


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


def test_two_are_read_ahead_in_order_by_a_thread_of_their_own():
    threads, begun = [], []

    def read(n):
        begun.append(n)
        threads.append(get_ident())
        return n

    results = read_ahead(read, range(100))
    assert next(results) == 0
    time.sleep(0.05)
    assert begun == [0, 1, 2][: len(begun)] and len(begun) <= 3
    assert list(results) == list(range(1, 100))
    assert set(threads) != {get_ident()} and len(set(threads)) == 1
