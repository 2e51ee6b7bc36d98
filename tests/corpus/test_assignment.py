"""The frozen assignment: what is written is read again, and nothing else is."""

import json

import numpy as np
import pytest

from reprompt.corpus.assignment import ARRAYS, Assignment


@pytest.fixture
def assignment():
    return Assignment(
        similarity=np.array([0.31, 0.12, 0.25], np.float16),
        kept=np.array([True, False, True]),
        topic=np.array([1, -1, 0], np.int16),
        domain=np.array([2, -1, 0], np.int8),
        topic_words=("cat", "flag"),
        threshold=0.2,
        made_from={"settings": {"chunk": 5}, "captions_sha256": "abc"},
    )


def test_what_is_written_is_read_again(assignment, tmp_path):
    assignment.write(tmp_path / "pairs.npz")
    again = Assignment.read(tmp_path / "pairs.npz")
    for name in ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(assignment, name))
        assert getattr(again, name).dtype == getattr(assignment, name).dtype
    assert again.topic_words == assignment.topic_words
    assert (again.threshold, again.made_from) == (assignment.threshold, assignment.made_from)


def test_the_same_assignment_gives_the_same_bytes(assignment, tmp_path):
    for name in ("one.npz", "other.npz"):
        assignment.write(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_a_file_of_another_format_is_refused(assignment, tmp_path):
    path = tmp_path / "pairs.npz"
    assignment.write(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays.pop("about")))
    np.savez(path, about=np.array(json.dumps(about | {"format": 0})), **arrays)
    with pytest.raises(ValueError, match="has format 0, not 1"):
        Assignment.read(path)


def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"pairs\.npz is missing; `reprompt corpus`"):
        Assignment.read(tmp_path / "pairs.npz")
