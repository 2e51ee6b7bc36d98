"""The makers of small data sets in real layouts, for the tests of this folder; layouts.py holds them."""

import importlib.util
import sys
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("layouts", Path(__file__).with_name("layouts.py"))
layouts_module = importlib.util.module_from_spec(SPEC)
sys.modules["layouts"] = layouts_module
SPEC.loader.exec_module(layouts_module)


@pytest.fixture(scope="session")
def layouts():
    """The module of makers: layouts.make("dtd", folder)."""
    return layouts_module


@pytest.fixture
def made(tmp_path):
    """A data set of a task, made in a folder of its own: made("dtd")."""

    def make(task, per_class=4, **variant):
        return layouts_module.make(task, tmp_path / task, per_class, **variant)

    return make
