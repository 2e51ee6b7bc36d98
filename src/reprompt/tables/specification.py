"""What a table is, as data: its heads, which runs stand where, what is printed there, and what a reader must know.

A cell is where a row and a column of a block meet. What the three heads say of its runs is put together; where two of
them contradict each other, the paper's table has a dash. `build.py` makes the `Table` of it, `heads.py` has the heads
that papers use again and again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from reprompt.tables.table import Table
from reprompt.tasks.groups import expanded

# Columns of the transcription (tasks/published) that have what heads say of runs, under another name or the same.
PRINTED_AS = {"task": "dataset", "tau": "imbalance_tau", "init": "source_init", "adapt": "adaptation"}
PRINTED_AS |= {name: name for name in ("method", "shots", "split", "backbone")}
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """The head of a column or a block.

    `runs` are fields of the runs it stands for (scope.py: Started or Adaptation), and what of `task`, `tasks`,
    `experiments` and `backbone` differs within the table. `printed` are columns of the transcription with their
    entries, if these are others than `runs` says; nothing is printed under a head that is not `in_print`. Columns of
    the same `span` have it over their heads.
    """

    label: str
    runs: Settings = field(default_factory=dict)
    printed: Settings | None = None
    in_print: bool = True
    span: str = ""

    @property
    def entries(self) -> Settings:
        """The columns of the transcription that this head decides, with their entries."""
        if self.printed is not None:
            return self.printed
        return {PRINTED_AS[name]: value for name, value in self.runs.items() if name in PRINTED_AS}


@dataclass(frozen=True)
class Row(Head):
    """The head of a row. Other rows name it by its `key`, sentences by `name`.

    `over` is the key of the row over which the paper claims a gain; it counts where the block has that row.
    `incomparable` are the tasks whose printed number is of something else, and why, if these are not the table's.
    `best` makes it a row of differences: the best of the rows with the first keys less the best of those with the
    second.
    """

    key: str = ""
    over: str = ""
    name: str = ""
    incomparable: Settings | None = None
    best: tuple[tuple[str, ...], tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Share:
    """A note on the part of a gain that is lost: `words` has places for what is `printed` and for `ours`.

    The gain is that of `row` over `gained`, in the first block and in `column`; lost is that of `row` over `lost`.
    """

    words: str
    row: str
    lost: str
    gained: str
    column: str


@dataclass(frozen=True)
class Details:
    """The CSV of every task by itself: of all runs in the table, row by row if it says so, else block by block.

    `columns` stand in the place of the table's.
    """

    by_row: bool = False
    columns: tuple[Head, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a row and a column of a block meet, with what the table and the three heads say of the runs there.

    `printed` is None where the paper prints nothing.
    """

    block: Head
    row: Row
    column: Head
    runs: Settings
    printed: Settings | None


@dataclass(frozen=True)
class Specification:
    """A table. Called with records, it is built.

    `printed` is the paper and the number of the printed table, `backbone` the one of its numbers. `runs` holds for all
    cells. `tasks` are averaged over; they may be groups. `H` is of each task, or of the means over tasks. The title
    counts the tasks as `counted`. `incomparable` are tasks whose printed number is of something else, and why.
    """

    name: str
    heading: str
    corner: str
    rows: tuple[Row, ...]
    columns: tuple[Head, ...]
    blocks: tuple[Head, ...] = (Head(""),)
    experiments: tuple[str, ...] = ()
    printed: tuple[str, int] | None = None
    backbone: str = ""
    runs: Settings = field(default_factory=dict)
    tasks: tuple[str, ...] = ("datasets11",)
    statistic: Literal["average", "partners", "correlation"] = "average"
    H: Literal["of each task", "of means"] = "of each task"
    counted: str = "tasks"
    incomparable: Settings = field(default_factory=dict)
    notes: tuple[str | Share, ...] = ()
    details: Details | None = None
    abreast: int = 1

    def __call__(self, records: pd.DataFrame, backbone: str | None = None) -> Table:
        """The table of some records; of those of one backbone, where there are several."""
        from reprompt.tables.build import build

        return build(self, records, backbone)

    def places(self, columns: tuple[Head, ...] = ()) -> Iterator[Place]:
        """Every cell, block by block and row by row; `columns` may stand in the place of the table's."""
        for block in self.blocks:
            for row in self.rows:
                for column in columns or self.columns:
                    if _agree(block.runs, row.runs, column.runs):
                        yield self.place(block, row, column)

    def place(self, block: Head, row: Row, column: Head) -> Place:
        """Where these meet. The row has the last word: zero-shot CLIP is compared with at all shots."""
        heads = (block, column, row)
        common = {"experiments": self.experiments, "tasks": self.tasks, "backbone": None, **self.runs}
        runs, printed = _together(common, *(head.runs for head in heads)), _together(*(head.entries for head in heads))
        runs["tasks"] = expanded(runs["tasks"])
        return Place(block, row, column, runs, printed if all(head.in_print for head in heads) else None)

    def row(self, key: str, block: Head) -> Row | None:
        """The row of a block with this key; None where it has none."""
        rows = (row for row in self.rows if row.key == key and _agree(block.runs, row.runs))
        return next(rows, None) if key else None

    @property
    def spans(self) -> dict[str, tuple[str, ...]]:
        """Heads over several columns."""
        names = dict.fromkeys(column.span for column in self.columns if column.span)
        return {name: tuple(column.label for column in self.columns if column.span == name) for name in names}


def _agree(*parts: Settings) -> bool:
    """Whether no two of these contradict each other."""
    merged = _together(*parts)
    return all(merged[name] == value for part in parts for name, value in part.items())


def _together(*parts: Settings) -> dict[str, Any]:
    """All of these; the later has the last word."""
    return {name: value for part in parts for name, value in part.items()}
