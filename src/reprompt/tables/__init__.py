"""The tables of the papers, as specifications: called with records, each gives its `Table`, and touches no disk."""

from reprompt.tables import gram, mvlpt, npt, prograd
from reprompt.tables.specification import Specification
from reprompt.tables.table import Table

TABLES: dict[str, Specification] = {
    name: table
    for paper in (prograd, npt, mvlpt, gram)
    for name, table in vars(paper).items()
    if isinstance(table, Specification)
}

__all__ = ["TABLES", "Specification", "Table"]
