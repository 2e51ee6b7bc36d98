"""One function per table of each paper: records in, `Table` out, no disk."""

from reprompt.tables.prograd import prograd_table1, prograd_table3
from reprompt.tables.table import Table

TABLES = {"prograd_table1": prograd_table1, "prograd_table3": prograd_table3}

__all__ = ["TABLES", "Table"]
