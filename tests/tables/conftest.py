"""Fake records for the tests of this folder; tests/tables/fake_records.py makes them."""

import fake_records
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def make():
    """The maker of fake records: make(scale=..., backbone=..., tasks=..., seeds=...)."""
    return fake_records.make_records


@pytest.fixture(scope="session")
def records() -> pd.DataFrame:
    """Fake records of a complete miniature run."""
    return fake_records.make_records()
