"""The makers of small data sets in real layouts, for the tests of this folder; layouts.py holds them."""

import layouts as makers
import pytest


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    """Where indices and listings go."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def layouts():
    """The module of makers: layouts.make("dtd", folder)."""
    return makers


@pytest.fixture
def made(tmp_path):
    """A data set of a task, made in a folder of its own: made("dtd")."""

    def make(task, per_class=4, **variant):
        return makers.make(task, tmp_path / task, per_class, **variant)

    return make
