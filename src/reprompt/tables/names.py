"""A table whose cells are names, not numbers: printed beside ours, with a mark where they agree."""

import math
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from reprompt.tables.table import CELL_COLUMNS, Entry, Table

SAME, ELSEWHERE, ABSENT = "as published", "published in the row's other cell", "not published"
MARKS = {SAME: "✓", ELSEWHERE: "(✓)", ABSENT: ""}
LEGEND = "Ours above, the published name in grey beneath it. ✓: the same; (✓): published in the row's other cell."


def name_cell(
    block: str, row: str, column: str, name: str | None, published: str, others: tuple[str, ...], obstacle: str = ""
) -> dict:
    """One cell. `name` None means not run; `others` are the published names in the row's other cells of the block.

    `pattern` says whether the names agree, whatever they were found on; the verdict does so unless `obstacle` says why
    they cannot be compared.
    """
    agreement = SAME if name == published else ELSEWHERE if name in others else ABSENT
    if name is None:
        verdict, pattern = "not run", ""
    else:
        verdict, pattern = f"not comparable: {obstacle}" if obstacle else agreement, agreement
    numbers = (math.nan, math.nan, None, math.nan)  # low, high, seeds and difference
    return dict(zip(CELL_COLUMNS, (block, row, column, published, name, *numbers, verdict, pattern), strict=True))


@dataclass(frozen=True)
class NamesTable(Table):
    """A `Table` of `name_cell`s; it has no gains."""

    holds: ClassVar[str] = "name"

    def entry(self, cell: pd.Series) -> Entry:
        """Our name with its mark, and the published one; the mark says what a verdict would."""
        if pd.isna(cell["regenerated"]):
            return Entry("not run", was_run=False, published=cell["published"])
        return Entry(cell["regenerated"], mark=MARKS[cell["pattern"]], published=cell["published"])

    @property
    def gains(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """Nothing."""
        return {}
