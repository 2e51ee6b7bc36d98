"""One function per table of each paper: records in, `Table` out, no disk."""

from reprompt.tables import prograd
from reprompt.tables.gram import GRAM_TABLES
from reprompt.tables.mvlpt import MVLPT_TABLES
from reprompt.tables.npt import NPT_TABLES
from reprompt.tables.table import Table

TABLES = {name: getattr(prograd, name) for name in prograd.__all__} | NPT_TABLES | MVLPT_TABLES | GRAM_TABLES

__all__ = ["TABLES", "Table"]
