"""The tasks that a target is grouped with: a table of names, printed beside ours, with a mark where they agree."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from reprompt.evidence.adaptation import ALONE, partners_by
from reprompt.evidence.statistics import why_not_comparable
from reprompt.tables.scope import Scope, scope_of
from reprompt.tables.specification import Head, Place, Specification
from reprompt.tables.table import CELL_COLUMNS, Entry, Table
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import expanded
from reprompt.tasks.published import published_values
from reprompt.training.groups import METRICS, grid_of, partners

SAME, ELSEWHERE, ABSENT = "as published", "published in the row's other cell", "not published"
MARKS = {SAME: "✓", ELSEWHERE: "(✓)", ABSENT: ""}
LEGEND = "Ours above, the published name in grey beneath it. ✓: the same; (✓): published in the row's other cell."
Pairs = dict[str, tuple[str, ...]]  # target -> the tasks it is trained with, the best first


@dataclass(frozen=True)
class NamesTable(Table):
    """A `Table` of names; it has no gains. `pattern` says whether the names agree, whatever they were found on."""

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


class OfTheGrid:
    """What a table says of the transferability grid: its scope, and all records with those of the grid among them."""

    def __init__(self, table: Specification, records: pd.DataFrame, backbone: str | None = None):
        self.table, tasks = table, expanded(table.tasks)
        self.scope: Scope = scope_of(records, *table.experiments, backbone=backbone, tasks=tasks)
        of_grid = records["experiment"].isin(table.experiments) & (records["backbone"] == self.scope.backbone)
        self.records, self.of_grid, self.setting = records, records[of_grid], self.scope.words


class Partners(OfTheGrid):
    """A block for each `learner`, a row for each `task`, a column for each place among its `partner`s."""

    form = NamesTable

    def cells(self) -> list[dict]:
        """Every cell."""
        return [self.cell(place) for place in self.table.places()]

    def cell(self, place: Place) -> dict:
        """One cell: the name, or "not run", and whether it is a published one."""
        learner, target, partner = (place.runs[name] for name in ("learner", "task", "partner"))
        grid = self.grids[learner]
        sources = int(grid[target].notna().sum()) if target in grid else 0
        obstacle = why_not_comparable(
            self.scope.scale, self.scope.backbone, self.table.backbone, sources, len(self.scope.possible)
        )
        published, ours = (
            [card_of(task).printed for task in pairs[learner].get(target, ())] for pairs in (self.printed, self.pairs)
        )
        name = ours[partner] if partner < len(ours) else None
        pattern = SAME if name == published[partner] else ELSEWHERE if name in published else ABSENT
        verdict = f"not comparable: {obstacle}" if obstacle else pattern
        heads = (place.block.label, place.row.label, place.column.label)
        numbers = (math.nan, math.nan, None, math.nan)  # low, high, seeds and difference
        words = (verdict, pattern) if name else ("not run", "")
        return dict(zip(CELL_COLUMNS, (*heads, published[partner], name, *numbers, *words), strict=True))

    @cached_property
    def grids(self) -> dict[str, pd.DataFrame]:
        """The values that partners are chosen by, for each learner, sources down and targets across."""
        metric = METRICS[partners_by(self.records)]
        return {learner: grid_of(self.of_grid, recipe, metric) for learner, recipe in ALONE.items()}

    @cached_property
    def pairs(self) -> dict[str, Pairs]:
        """The partners that our grids give, by learner."""
        of_grids = {learner: partners(grid) for learner, grid in self.grids.items()}
        return {name: {target: pair.best for target, pair in pairs.items()} for name, pairs in of_grids.items()}

    @cached_property
    def printed(self) -> dict[str, Pairs]:
        """The partners that the paper prints, by learner."""
        printed: dict[str, Pairs] = {}
        for learner, target, *pair in published_values(*self.table.printed).itertuples(index=False):
            printed.setdefault(learner, {})[target] = tuple(pair)
        return printed

    @property
    def notes(self) -> tuple[str, ...]:
        """The table's own, how many names agree, and what a reader must know before comparing them."""
        counts = [self._count(block) for block in self.table.blocks]
        notes = []
        if self.scope.scale not in ("", "paper"):
            notes.append(
                f"The published groups were found with CLIP {self.table.backbone} on the real datasets, ours on "
                "rendered counterparts with a miniature CLIP: which tasks are alike there need not be alike here."
            )
        missing = [task for task in self.scope.possible if task not in self.scope.tasks]
        if self.scope.tasks and missing:
            notes.append(f"Not every learner was run on: {', '.join(missing)}.")
        own = (note if isinstance(note, str) else note.said(self) for note in self.table.notes)
        return (LEGEND, *own, *counts, *notes)

    def _count(self, block: Head) -> str:
        learner = block.runs["learner"]
        words = agreement(self.pairs[learner], self.printed[learner], tuple(self.grids[learner].index))
        return f"{block.label}: {words}."

    def details(self) -> pd.DataFrame:
        """None."""
        return pd.DataFrame()


def agreement(ours: Pairs, printed: Pairs, sources: tuple[str, ...]) -> str:
    """How many of our partners are printed ones, and how many would be if they were drawn from `sources` at random."""
    if not ours:
        return "not run"
    chosen = sum(len(pair) for pair in ours.values())
    shared = sum(len({*pair} & {*printed[target]}) for target, pair in ours.items())
    same = sum(name == other for target in ours for name, other in zip(ours[target], printed[target], strict=False))
    by_chance = 0.0
    for target, pair in ours.items():
        others = {*sources} - {target}
        by_chance += len(pair) * len(others & {*printed[target]}) / max(len(others), 1)
    return (
        f"{shared} of {chosen} partners are among the two that the paper prints for the target ({by_chance:.1f} would "
        f"be if drawn at random), {same} of them in the same place"
    )
