"""A table of a paper: the printed and the regenerated number of every cell, and what may be said about them."""

import math
import re
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from reprompt.statistics import Interval

CELL_COLUMNS = ("block", "row", "column", "published", "regenerated", "low", "high", "seeds", "difference")
CELL_COLUMNS += ("verdict", "pattern")
NARROW = 6  # columns of numbers that leave room at the end of a row for words


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
    `spans` are heads over several columns, {"Target": ("-V2", "-Sketch")}.
    """

    name: str
    heading: str
    setting: str
    corner: str
    cells: pd.DataFrame
    notes: tuple[str, ...] = ()
    details: pd.DataFrame = field(default_factory=pd.DataFrame)
    spans: dict[str, tuple[str, ...]] = field(default_factory=dict)

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
        place = self._places.get((block, row, column))
        return None if place is None else self.cells.iloc[place]

    @cached_property
    def _places(self) -> dict[tuple[str, str, str], int]:
        where = zip(self.cells["block"], self.cells["row"], self.cells["column"], strict=True)
        return {at: place for place, at in enumerate(where)}

    def pattern(self, block: str, row: str) -> list[tuple[str, list[str]]]:
        """The row's gains in words, each with the columns it holds for: [("above CoOp, as published", ["1", "2"])]."""
        of = self.cells[(self.cells["block"] == block) & (self.cells["row"] == row) & (self.cells["pattern"] != "")]
        return [(words, list(cells["column"])) for words, cells in of.groupby("pattern", sort=False)]

    @property
    def common_verdict(self) -> tuple[str, ...]:
        """The one verdict on every printed number, as a note, or nothing where cells differ and each needs its own."""
        verdicts = self.cells.loc[self.cells["difference"].notna(), "verdict"].unique()
        return (f"Verdict on each published number: {verdicts[0]}.",) if len(verdicts) == 1 else ()

    @property
    def wide(self) -> bool:
        """Whether the columns leave no room beside them: the gains in words then stand under the table."""
        return len(self.columns) > NARROW

    @property
    def gains(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """For every row (block, row) with gains, where they hold: {("", "CoOp"): [("1 and 2", "above CLIP")]}."""
        found = {}
        for block in self.blocks:
            for row in self.rows(block):
                everywhere = [column for column in self.columns if self.at(block, row, column) is not None]
                if patterns := self.pattern(block, row):
                    found[block, row] = [(columns_in_words(at, everywhere), words) for words, at in patterns]
        return found

    @property
    def footnotes(self) -> tuple[str, ...]:
        """Everything under the table: its notes, the verdict that cells share, and the gains of a wide table."""
        gains = []
        for (block, row), found in self.gains.items() if self.wide else ():
            of = f"{row} ({block})" if block else row
            gains.append(f"Gain of {of}: {'; '.join(f'{words} ({where})' for where, words in found)}.")
        return (*self.notes, *self.common_verdict, *gains)

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


def in_cell(verdict: str) -> str:
    """A verdict as short as a cell needs it: without the reason and without what its interval lacks."""
    return re.split(r" \(|:", verdict)[0]


def pieces(label: str) -> list[str]:
    """Where the name of a column may be broken: "StanfordCars" between Stanford and Cars, "-Sketch" nowhere."""
    return re.split(r"(?<=[a-z])(?=[A-Z\d-])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\s)", label)
