"""Tables of names, on cells worked by hand."""

import pandas as pd
import pytest

from reprompt.tables.html import to_html
from reprompt.tables.names import NamesTable, name_cell


def table_of(*cells: dict) -> NamesTable:
    return NamesTable("names", "Partners", "scale paper", "Target", pd.DataFrame(cells))


@pytest.mark.parametrize(
    ("name", "verdict", "mark"),
    [
        ("DTD", "as published", "✓"),
        ("MNIST", "published in the row's other cell", "(✓)"),
        ("GTSRB", "not published", ""),
    ],
)
def test_a_name_is_marked_where_it_is_published(name, verdict, mark):
    cell = name_cell("CoOp", "Caltech101", "Task 1", name, "DTD", ("MNIST",))
    assert cell["verdict"] == cell["pattern"] == verdict
    table = table_of(cell)
    entry = table.entry(table.at("CoOp", "Caltech101", "Task 1"))
    assert (entry.value, entry.mark, entry.published) == (name, mark, "DTD")


def test_what_cannot_be_compared_keeps_its_pattern():
    cell = name_cell("CoOp", "Caltech101", "Task 1", "DTD", "DTD", (), obstacle="rendered data")
    assert (cell["verdict"], cell["pattern"]) == ("not comparable: rendered data", "as published")
    assert table_of(cell).footnotes == ("Verdict on each published name: not comparable: rendered data.",)


def test_a_name_that_was_not_found_leaves_the_published_one():
    table = table_of(name_cell("CoOp", "Caltech101", "Task 1", None, "DTD", ()))
    assert table.cells["verdict"].tolist() == ["not run"]
    assert "not run" in to_html(table) and "DTD" in to_html(table)
    assert table.to_csv().splitlines()[1] == "CoOp,Caltech101,Task 1,DTD,,,,,,not run,"
