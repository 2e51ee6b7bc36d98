"""The cells of most tables: an average over tasks, or one task, against print and against another row."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from reprompt.evidence.statistics import (
    Interval,
    PairedDifference,
    verdict_on_gain,
    verdict_on_value,
    why_not_comparable,
)
from reprompt.tables.methods import UNTUNED
from reprompt.tables.scope import Adaptation, Scope, Selection, Started, of_means, of_task, scope_of_runs, swept
from reprompt.tables.specification import Place, Row, Settings, Share, Specification
from reprompt.tables.table import Table, cell
from reprompt.tasks.published import published_values

INTERVALS = (
    "± is half the 95 % Student-t interval over seeds, which are few-shot draws; no ±: deterministic, or one seed."
)


class Where(NamedTuple):
    """What chooses a scope."""

    experiments: tuple[str, ...]
    tasks: tuple[str, ...]
    backbone: str | None


class Averages:
    """What the records say of the cells of a table."""

    form = Table

    def __init__(self, specification: Specification, records: pd.DataFrame, backbone: str | None = None):
        self.of, self._records, self._backbone = specification, records, backbone
        self.places = [place for place in specification.places() if not self._tuned_on_nothing(place)]
        shown: dict[Where, list[Selection]] = defaultdict(list)
        for place in (*self.places, *self._detailed()):
            if not place.row.best:
                shown[self._where(place)].append(self.which(place))
        self.scopes = {
            where: scope_of_runs(records, where.experiments, runs, where.tasks, _in_records(where.backbone) or backbone)
            for where, runs in shown.items()
        }
        self._averaged = {
            where: of_means(scope) if specification.H == "of means" else scope for where, scope in self.scopes.items()
        }

    # Cells

    def cells(self) -> list[dict]:
        """Every cell."""
        return [self.cell(place) for place in self.places]

    def cell(self, place: Place) -> dict:
        """One cell with its verdicts on the value and on the gain."""
        value, published = self.value(place), self.published(place)
        verdict, pattern, gain, over = verdict_on_value(value, published, self.obstacle(place)), "", None, place.row
        if place.row.best:
            gain, printed_gain = value, published
        elif over := self.of.row(place.row.over, place.block):
            gain, printed_gain = self.gain(place, over)
        if value and gain:
            pattern = verdict_on_gain(gain, over.name, printed_gain)
        return cell(place.row.label, place.column.label, value, published, verdict, pattern, place.block.label)

    def value(self, place: Place) -> Interval | None:
        """The average over the scope's tasks, or the value on one; None where it was not run."""
        if place.row.best:
            return self._best_less_best(place)
        which, task = self.which(place), place.runs.get("task")
        return of_task(self.scope(place), which, task) if task else self._average(place).average(which)

    def gain(self, place: Place, over: Row) -> tuple[Interval | None, float]:
        """The gain over another row of the block, on the same draws, and the printed one."""
        reference = self.of.place(place.block, over, place.column)
        printed = self.published(place) - self.published(reference)
        scope = self.scope(place) if place.runs.get("task") else self._average(place)
        difference = scope.gain(self.which(place), self.which(reference))
        return difference and _of(difference, place.runs.get("task")), printed

    def by_task(self, place: Place, over: Row) -> dict[str, Interval]:
        """The gain on every task."""
        reference = self.of.place(place.block, over, place.column)
        difference = self.scope(place).gain(self.which(place), self.which(reference))
        return difference.by_task if difference else {}

    def published(self, place: Place) -> float:
        """The printed number; NaN where there is none. Raises ValueError where there are several."""
        if place.printed is None:
            return math.nan
        values = self._printed(tuple(place.printed)).get(tuple(place.printed.values()), [math.nan])
        if len(values) > 1:
            raise ValueError(f"{self.of.name}: {len(values)} printed numbers have {place.printed}")
        return values[0]

    def obstacle(self, place: Place) -> str:
        """Why the value cannot be compared with the printed one; empty where it can."""
        scope, task = self.scope(place), place.runs.get("task")
        tasks = len(scope.possible if task else scope.tasks)  # an average needs all of them
        backbone = place.runs["backbone"] or self.of.backbone
        incomparable = self.of.incomparable if place.row.incomparable is None else place.row.incomparable
        found = why_not_comparable(scope.scale, scope.backbone, backbone, tasks, len(scope.possible))
        return found or incomparable.get(task, "")

    # Runs

    def which(self, place: Place) -> Selection:
        """The runs of a place."""
        kind = Adaptation if "adapt" in place.runs else Started
        settings = {name: place.runs[name] for name in kind.__dataclass_fields__ if name in place.runs}
        return kind(**settings | ({"swept": self._sweep(settings["swept"])} if "swept" in settings else {}))

    def scope(self, place: Place) -> Scope:
        """The scope of a place."""
        return self.scopes[self._where(place)]

    def find(self, row: str, column: str, block: str = "") -> Place:
        """The place of a row, by its key, and a column and a block, by their labels."""
        at = (row, column, block)
        return next(p for p in self.places if (p.row.key, p.column.label, p.block.label) == at)

    def _average(self, place: Place) -> Scope:
        return self._averaged[self._where(place)]

    def _where(self, place: Place) -> Where:
        return Where(*(place.runs[name] for name in Where._fields))

    def _tuned_on_nothing(self, place: Place) -> bool:
        runs = place.runs
        return "recipe" in runs and runs["recipe"] not in UNTUNED and runs["shots"] == 0

    def _sweep(self, settings: Settings) -> str:
        """What the records sweep where they have these settings; other settings may be swept with them."""
        others = (sweep for sweep, has in self._sweeps.items() if settings.items() <= has.items())
        return next(others, swept(**settings))

    @cached_property
    def _sweeps(self) -> dict[str, dict[str, Any]]:
        experiments = {name for place in self.places for name in place.runs["experiments"]}
        sweeps = self._records.loc[self._records["experiment"].isin(experiments), "swept"].unique()
        return {sweep: json.loads(sweep) for sweep in sweeps if sweep}

    def _best_less_best(self, place: Place) -> Interval | None:
        """The best of some rows less the best of others on the same draws; None unless every row was run.

        Which are best is decided by their means over seeds, of equals the first.
        """
        best = []
        for keys in place.row.best:
            rows = [self.of.row(key, place.block) for key in keys]
            values = [self.value(self.of.place(place.block, row, place.column)) for row in rows]
            if not all(values):
                return None
            best.append(rows[max(range(len(rows)), key=lambda at: values[at].estimate)])
        ours, theirs = best
        return self.gain(self.of.place(place.block, ours, place.column), theirs)[0]

    # What is printed

    @cached_property
    def _transcribed(self) -> pd.DataFrame:
        values = published_values(*self.of.printed)
        return values.fillna({"source_init": "", "adaptation": ""})

    def _printed(self, columns: tuple[str, ...]) -> dict[tuple, list[float]]:
        if columns not in self._index:
            by = self._index[columns] = defaultdict(list)
            rows = zip(*(self._transcribed[column] for column in columns), strict=True)
            for entries, value in zip(rows, self._transcribed["value"], strict=True):
                by[entries].append(value)
        return self._index[columns]

    @cached_property
    def _index(self) -> dict[tuple[str, ...], dict[tuple, list[float]]]:
        return {}

    # Words

    @cached_property
    def _titled(self) -> dict[Where, Scope]:
        """The scopes that a title speaks about: those that are averaged over, or all where nothing is averaged."""
        averaged = {self._where(place) for place in self.places if not place.runs.get("task")}
        return {where: scope for where, scope in self.scopes.items() if where in averaged or not averaged}

    @property
    def setting(self) -> str:
        """Scale, backbones, seeds and tasks."""
        run = {where: scope for where, scope in self._titled.items() if scope.tasks} or self._titled
        first = next(iter(run.values()))
        names = dict.fromkeys(where.backbone or scope.backbone for where, scope in run.items() if scope.tasks)
        words = (replace(first, backbone=", ".join(names)) if len(self._titled) > 1 else first).words
        counts = list(dict.fromkeys((where.tasks, _count(scope)) for where, scope in self._titled.items()))
        if len({tasks for tasks, _ in counts}) > 1:
            *others, last = (count for _, count in counts)
            words = f"{words.rpartition(', ')[0]}; {', '.join(others)} and {last} tasks"
        return words.removesuffix("tasks") + self.of.counted

    @property
    def notes(self) -> tuple[str, ...]:
        """The table's own, and what a reader must know before comparing the two numbers of a cell."""
        own = [self._share(note) if isinstance(note, Share) else note for note in self.of.notes]
        return (
            *own,
            *dict.fromkeys(note for scope in self._titled.values() for note in _notes(scope, self.of.backbone)),
        )

    def _share(self, note: Share) -> str:
        """What part of a gain is lost, as printed and here."""
        place = self.find(note.row, note.column, self.of.blocks[0].label)
        lost, gained = (self.gain(place, self.of.row(key, place.block)) for key in (note.lost, note.gained))
        return note.words.format(printed=f"{100 * lost[1] / gained[1]:.0f} %", ours=_ratio(lost[0], gained[0]))

    # Details

    def details(self) -> pd.DataFrame:
        """Every task by itself: a row per task and runs, with an interval over seeds; what was not run is left out.

        The columns between task and value are those that tell the runs apart.
        """
        places, rows = self._detailed(), []
        if not places:
            return pd.DataFrame()
        scope = self.scope(places[0])
        chosen = {which.key: which for which in map(self.which, places)}.values()  # untuned: the same at all shots
        for task in scope.tasks:
            for which in chosen:
                if value := of_task(scope, which, task):
                    rows.append((task, *which.key, value.estimate, value.low, value.high, value.seeds))
        details = pd.DataFrame(rows, columns=["task", *scope.by, "regenerated", "low", "high", "seeds"])
        if "start" in details and (details["start"] == "").all():
            del details["start"]
        details.insert(0, "scale", scope.scale)
        details.insert(1, "backbone", scope.backbone)
        return details

    def _detailed(self) -> list[Place]:
        """The places whose tasks stand in the details."""
        details = self.of.details
        if details is None:
            return []
        places = list(self.of.places(details.columns)) if details.columns else self.places
        return sorted(places, key=lambda place: self.of.rows.index(place.row)) if details.by_row else places


def _of(difference: PairedDifference, task: str | None) -> Interval | None:
    return difference.by_task.get(task) if task else difference.over_seeds


def _in_records(backbone: str | None) -> str | None:
    """A backbone as records have it."""
    return backbone and backbone.replace("/", "-")


def _count(scope: Scope) -> str:
    return f"{len(scope.tasks)} of {len(scope.possible)}"


def _notes(scope: Scope, published_backbone: str) -> Iterable[str]:
    yield INTERVALS
    if scope.scale != "paper":
        yield (
            f"Published values (grey) were measured with CLIP {published_backbone} on the real datasets, ours on "
            "rendered counterparts with a miniature CLIP: compare the pattern (signs of the gains), not the numbers."
        )
    missing = [task for task in scope.possible if task not in scope.tasks]
    if scope.tasks and missing:
        yield f"Not in the numbers, because no run or not every run has them: {', '.join(missing)}."


def _ratio(lost: Interval | None, gain: Interval | None) -> str:
    """Ours, in words; a share of a gain needs a gain."""
    if lost is None or gain is None:
        return "not run here"
    if gain.estimate <= 0:
        return "and here there is no such gain"
    if gain.has_width and gain.low <= 0:
        return "and here that gain cannot be told from none"
    return f"{100 * lost.estimate / gain.estimate:.0f} % here"
