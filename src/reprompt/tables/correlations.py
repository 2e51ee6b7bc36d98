"""A table whose cells are rank correlations with their p: nothing in it is printed in a paper."""

import math

import pandas as pd

from reprompt.evidence.mantel import Mantel
from reprompt.evidence.statistics import Interval
from reprompt.tables.table import Entry, Table, cell

LEVEL = 0.05  # below this p a correlation is called shown
NOT_RUN, NOT_SHOWN, UNDEFINED = "not run", "not shown", "undefined"
LEGEND = "Beneath each correlation its p. *: p < 0.05."


def direction(relation: Mantel) -> str:
    """What a correlation says: transfer `rises` or `falls`, or `not shown`, at the level of 5 percent."""
    if math.isnan(relation.p):
        return UNDEFINED
    if relation.p >= LEVEL:
        return NOT_SHOWN
    return "rises" if relation.correlation > 0 else "falls"


def correlation_cell(row: str, column: str, relation: Mantel | None, seeds: int, block: str = "") -> dict:
    """One cell with its p beside CELL_COLUMNS; `relation` None means not run."""
    value = Interval(relation.correlation, math.nan, math.nan, seeds) if relation else None
    verdict = direction(relation) if relation else NOT_RUN
    return cell(row, column, value, math.nan, verdict, block=block) | {"p": relation.p if relation else math.nan}


class CorrelationTable(Table):
    """A `Table` of `correlation_cell`s."""

    def entry(self, cell: pd.Series) -> Entry:
        """The correlation with two decimals, marked where it is shown, and p beneath."""
        if math.isnan(cell["regenerated"]):
            return Entry(cell["verdict"], was_run=False)
        shown = "" if cell["verdict"] == NOT_SHOWN else "*"
        return Entry(f"{cell['regenerated']:.2f}".replace("-", "−"), mark=shown, published=f"p = {cell['p']:.3f}")

    def to_csv(self) -> str:
        """The tidy cells as CSV, with the three decimals that a p of 0.001 needs."""
        return csv(self.cells.assign(seeds=self.cells["seeds"].astype("Int64")))

    def details_to_csv(self) -> str:
        """The details as CSV, with three decimals."""
        return csv(self.details)


def csv(frame: pd.DataFrame) -> str:
    """A frame as CSV with three decimals, empty cells for missing values and Unix line ends."""
    return frame.to_csv(index=False, float_format="%.3f", lineterminator="\n")
