"""A table of a paper: the printed and the regenerated number of every cell, and what may be said about them."""

import math
from dataclasses import dataclass, field

import pandas as pd

from reprompt.statistics import Interval

CELL_COLUMNS = ("block", "row", "column", "published", "regenerated", "low", "high", "seeds", "difference")
CELL_COLUMNS += ("verdict", "pattern")


def cell(
    row: str,
    column: str,
    value: Interval | None,
    published: float,
    verdict: str,
    pattern: str = "",
    block: str = "",
) -> dict:
    """One cell. `value` None means not run; `pattern` is the verdict on the gain over the row's reference."""
    estimate, low, high = (value.estimate, value.low, value.high) if value else (math.nan,) * 3
    measured = (published, estimate, low, high, value.seeds if value else None, estimate - published)
    return dict(zip(CELL_COLUMNS, (block, row, column, *measured, verdict, pattern), strict=True))


@dataclass(frozen=True)
class Table:
    """A regenerated table. `cells` is tidy (CELL_COLUMNS), in the paper's order of rows and columns.

    `details` holds what the paper prints only in its appendix, or not at all: one row per task, method and setting.
    """

    name: str
    heading: str
    setting: str
    corner: str
    cells: pd.DataFrame
    notes: tuple[str, ...] = ()
    details: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def title(self) -> str:
        """Heading and setting: scale, backbone, seeds and tasks belong to the title, never to a footnote."""
        return f"{self.heading}: {self.setting}"

    @property
    def blocks(self) -> list[str]:
        """The groups of rows, top to bottom; one empty name where the table has no groups."""
        return list(self.cells["block"].unique())

    @property
    def columns(self) -> list[str]:
        """The column labels, left to right."""
        return list(self.cells["column"].unique())

    def rows(self, block: str) -> list[str]:
        """The row labels of a block, top to bottom."""
        return list(self.cells.loc[self.cells["block"] == block, "row"].unique())

    def at(self, block: str, row: str, column: str) -> pd.Series | None:
        """One cell, or None where the paper's table has a dash."""
        of = self.cells
        found = of[(of["block"] == block) & (of["row"] == row) & (of["column"] == column)]
        return None if found.empty else found.iloc[0]

    def pattern(self, block: str, row: str) -> list[tuple[str, list[str]]]:
        """The row's gains in words, each with the columns it holds for: [("above CoOp, as published", ["1", "2"])]."""
        of = self.cells[(self.cells["block"] == block) & (self.cells["row"] == row) & (self.cells["pattern"] != "")]
        return [(words, list(cells["column"])) for words, cells in of.groupby("pattern", sort=False)]

    @property
    def common_verdict(self) -> tuple[str, ...]:
        """The one verdict on every printed number, as a note, or nothing where cells differ and each needs its own."""
        verdicts = self.cells.loc[self.cells["difference"].notna(), "verdict"].unique()
        return (f"Verdict on each published number: {verdicts[0]}.",) if len(verdicts) == 1 else ()

    def to_csv(self) -> str:
        """The tidy cells as CSV: two decimals, one order, the same bytes for the same records."""
        return csv(self.cells.assign(seeds=self.cells["seeds"].astype("Int64")))

    def details_to_csv(self) -> str:
        """The details as CSV."""
        return csv(self.details)


def csv(frame: pd.DataFrame) -> str:
    """A frame as CSV with two decimals, empty cells for missing values and Unix line ends."""
    return frame.to_csv(index=False, float_format="%.2f", lineterminator="\n")


def columns_in_words(columns: list[str], everywhere: list[str]) -> str:
    """Where a pattern holds: "1, 2 and 4", or "all" where it holds in every column of more than one."""
    if len(columns) > 1 and columns == everywhere:
        return "all"
    return columns[0] if len(columns) == 1 else f"{', '.join(columns[:-1])} and {columns[-1]}"
