"""What is kept beside pictures is made once."""

import json
from threading import Thread

import pytest

from reprompt.data.files.kept import kept_or_made


def test_the_second_time_nothing_is_made(tmp_path):
    path = tmp_path / "index" / "a.json"
    assert kept_or_made(path, {"size": 3}, lambda: {"found": [1]})["found"] == [1]
    assert kept_or_made(path, {"size": 3}, lambda: pytest.fail("made again"))["found"] == [1]


def test_what_was_made_from_something_else_is_made_anew(tmp_path):
    path = tmp_path / "a.json"
    kept_or_made(path, {"size": 3}, lambda: {"found": [1]})
    assert kept_or_made(path, {"size": 4}, lambda: {"found": [2]})["found"] == [2]
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 0}))
    assert kept_or_made(path, {"size": 4}, lambda: {"found": [3]})["found"] == [3]


def test_nothing_is_left_of_what_could_not_be_made(tmp_path):
    path = tmp_path / "a.json"
    with pytest.raises(ZeroDivisionError):
        kept_or_made(path, {}, lambda: 1 / 0)
    assert not path.exists()


def test_two_at_once_make_it_once(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"found": len(made)}

    threads = [Thread(target=kept_or_made, args=(tmp_path / "a.json", {}, make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
