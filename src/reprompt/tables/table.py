"""A table of a paper: the printed and the regenerated number of every cell, and what may be said about them."""

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import pandas as pd

from reprompt.evidence.statistics import Interval

CELL_COLUMNS = ("block", "row", "column", "published", "regenerated", "low", "high", "seeds", "difference")
CELL_COLUMNS += ("verdict", "pattern")
NARROW = 6  # columns of numbers that leave room at the end of a row for words
PARTS = " | "  # between the parts of a row's label, which stand in columns of their own: "MVPT | M | S"


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
class Entry:
    """What a cell shows, as text: ours with half its interval or a mark, the printed value, difference and verdict.

    All but `value` may be empty; `was_run` says whether `value` is one.
    """

    value: str
    was_run: bool = True
    half: str = ""
    mark: str = ""
    published: str = ""
    difference: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Table:
    """A regenerated table. `cells` is tidy (CELL_COLUMNS), in the paper's order of rows and columns.

    `details` holds what the paper prints only in its appendix, or not at all: one row per task, method and setting.
    `spans` are heads over several columns, {"Target": ("-V2", "-Sketch")}. `abreast` blocks, which then have the same
    rows, stand side by side as panels. `signed` rows hold differences, in percentage points. The corner and the rows
    may have PARTS.
    """

    name: str
    heading: str
    setting: str
    corner: str
    cells: pd.DataFrame
    notes: tuple[str, ...] = ()
    details: pd.DataFrame = field(default_factory=pd.DataFrame)
    spans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    abreast: int = 1
    signed: tuple[str, ...] = ()
    holds: ClassVar[str] = "number"
    decimals: ClassVar[int] = 2  # of the files; a cell has two

    @property
    def title(self) -> str:
        """Heading and setting: scale, backbone, seeds and tasks belong to the title, never to a footnote."""
        return f"{self.heading}: {self.setting}"

    @property
    def blocks(self) -> list[str]:
        """The groups of rows, top to bottom; one empty name where the table has no groups."""
        return list(self.cells["block"].unique())

    @property
    def bands(self) -> list[list[str]]:
        """The blocks that stand side by side, top to bottom; one by one unless the table has panels."""
        blocks = self.blocks
        return [blocks[start : start + self.abreast] for start in range(0, len(blocks), self.abreast)]

    @property
    def corners(self) -> list[str]:
        """The heads over the row labels, one for each of their parts."""
        return self.corner.split(PARTS)

    def label(self, row: str) -> list[str]:
        """The parts of a row's label, as many as there are corners; what it lacks is empty."""
        parts = row.split(PARTS)
        return parts + [""] * (len(self.corners) - len(parts))

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
        in_row = (self.cells["block"] == block) & (self.cells["row"] == row) & (self.cells["pattern"] != "")
        by_pattern = self.cells[in_row].groupby("pattern", sort=False)
        return [(words, list(cells["column"])) for words, cells in by_pattern]

    def entry(self, cell: pd.Series) -> Entry:
        """What a cell shows: two decimals, as papers print."""
        sign = "+" if cell["row"] in self.signed else ""
        published = "" if math.isnan(cell["published"]) else f"{cell['published']:{sign}.2f}"
        if math.isnan(cell["regenerated"]):
            return Entry("not run", was_run=False, published=published)
        return Entry(
            value=f"{cell['regenerated']:{sign}.2f}",
            half="" if math.isnan(cell["low"]) else f"{(cell['high'] - cell['low']) / 2:.2f}",
            published=published,
            difference=published and f"{cell['difference']:+.2f}",
            verdict=published and cell["verdict"],
        )

    @cached_property
    def common_verdict(self) -> tuple[str, ...]:
        """The one verdict on every printed number, as a note, or nothing where cells differ and each needs its own."""
        compared = self.cells["published"].notna() & self.cells["regenerated"].notna()
        verdicts = self.cells.loc[compared, "verdict"].unique()
        return (f"Verdict on each published {self.holds}: {verdicts[0]}.",) if len(verdicts) == 1 else ()

    @property
    def wide(self) -> bool:
        """Whether the columns leave no room beside them: the gains in words then stand under the table."""
        return self.abreast * len(self.columns) > NARROW

    @cached_property
    def gains(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """For every row (block, row) with gains, where they hold: {("", "CoOp"): [("1 and 2", "above CLIP")]}.

        A table of one column does not say where.
        """
        gains = {}
        alone = len(self.columns) == 1
        for block in self.blocks:
            for row in self.rows(block):
                everywhere = [column for column in self.columns if self.at(block, row, column) is not None]
                if patterns := self.pattern(block, row):
                    gains[block, row] = [
                        ("" if alone else columns_in_words(at, everywhere), words) for words, at in patterns
                    ]
        return gains

    @property
    def footnotes(self) -> tuple[str, ...]:
        """Everything under the table: its notes, the verdict that cells share, and the gains of a wide table."""
        gains = self._gains_of_panels() if self.abreast > 1 else self._gains_of_rows() if self.wide else []
        return (*self.notes, *self.common_verdict, *gains)

    def _gains_of_rows(self) -> list[str]:
        """A sentence for every row with gains."""
        sentences = []
        for (block, row), gains in self.gains.items():
            name = f"{in_words(row)} ({block})" if block else in_words(row)
            subject = name if row in self.signed else f"Gain of {name}"
            sentences.append(f"{subject}: {'; '.join(f'{words} ({where})' for where, words in gains)}.")
        return sentences

    def _gains_of_panels(self) -> list[str]:
        """A sentence for every row over all panels, which go by their marks: "above CoOp ((a) 1 and 5, (b) all)"."""
        by_row: dict[str, dict[str, list[str]]] = {}
        for (block, row), gains in self.gains.items():
            for where, words in gains:
                by_row.setdefault(row, {}).setdefault(words, []).append(f"{block.split()[0]} {where}")
        sentences = []
        for row, gains in by_row.items():
            clauses = [f"{words} ({', '.join(places)})" for words, places in gains.items()]
            sentences.append(f"Gain of {in_words(row)}: {'; '.join(clauses)}.")
        return sentences

    def to_csv(self) -> str:
        """The tidy cells as CSV: `decimals`, one order, the same bytes for the same records."""
        return self._csv(self.cells.assign(seeds=self.cells["seeds"].astype("Int64")))

    def details_to_csv(self) -> str:
        """The details as CSV."""
        return self._csv(self.details)

    def _csv(self, frame: pd.DataFrame) -> str:
        """Empty cells for missing values and Unix line ends."""
        return frame.to_csv(index=False, float_format=f"%.{self.decimals}f", lineterminator="\n")


def in_words(label: str) -> str:
    """A row's label in a sentence: "MVPT | M | S" is "MVPT (M, S)"."""
    name, *parts = label.split(PARTS)
    return f"{name} ({', '.join(parts)})" if parts else name


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
