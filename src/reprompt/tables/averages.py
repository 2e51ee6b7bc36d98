"""The cells of most tables: an average over tasks, or one task, against print and against another row."""

import json
import math
from collections import defaultdict
from functools import cache, cached_property
from typing import NamedTuple

import pandas as pd

from reprompt.evidence.statistics import (
    Interval,
    PairedDifference,
    verdict_on_gain,
    verdict_on_value,
    why_not_comparable,
)
from reprompt.tables.captions import fewer_than_shots, notes_of, setting_of
from reprompt.tables.methods import META_STARTS, ONE_START, UNTUNED
from reprompt.tables.notes import FIXED_VIEWS
from reprompt.tables.scope import Adaptation, Scope, Selection, Started, of_means, of_task, scope_of_runs, swept
from reprompt.tables.specification import Noted, Place, Row, Settings, Share, Specification
from reprompt.tables.table import Table, cell
from reprompt.tasks.published import published_values


class Where(NamedTuple):
    """What chooses a scope; the backbone as the paper writes it, None for the one that the records have."""

    experiments: tuple[str, ...]
    tasks: tuple[str, ...]
    backbone: str | None


class Averages:
    """What the records say of the cells of a table."""

    form = Table

    def __init__(self, table: Specification, records: pd.DataFrame, backbone: str | None = None):
        self.table, self.records, self.backbone = table, records, backbone
        self.places = [place for place in table.places() if not _tuned_on_nothing(place)]
        shown: dict[Where, list[Selection]] = defaultdict(list)
        for place in (*self.places, *self._detailed):
            if not place.row.best:
                shown[_where(place)].append(self.which(place))
        self.scopes: dict[Where, Scope] = {}
        for where, runs in shown.items():
            chosen = where.backbone.replace("/", "-") if where.backbone else backbone
            self.scopes[where] = scope_of_runs(records, where.experiments, runs, where.tasks, chosen)
        averaged = of_means if table.H == "of means" else lambda scope: scope
        self._averaged = {where: averaged(scope) for where, scope in self.scopes.items()}

    # Cells

    def cells(self) -> list[dict]:
        """Every cell."""
        return [self.cell(place) for place in self.places]

    def cell(self, place: Place) -> dict:
        """One cell with its verdicts on the value and on the gain."""
        value, published = self.value(place), self.published(place)
        verdict, pattern = verdict_on_value(value, published, self.obstacle(place)), ""
        if place.row.best and value:
            pattern = verdict_on_gain(value, place.row.name, published)
        elif (over := self.table.row(place.row.over, place.block)) and (gain := self.gain(place, over)):
            pattern = verdict_on_gain(gain, over.name, self.printed_gain(place, over))
        heads = {"block": place.block.label, "row": place.row.label, "column": place.column.label}
        return cell(**heads, value=value, published=published, verdict=verdict, pattern=pattern)

    def value(self, place: Place) -> Interval | None:
        """The average over the scope's tasks, or the value on one; None where it was not run."""
        if place.row.best:
            return self._best_less_best(place)
        which, task = self.which(place), place.runs.get("task")
        return of_task(self.scope(place), which, task) if task else self._average(place).average(which)

    def gain(self, place: Place, over: Row) -> Interval | None:
        """The gain over another row of the block, on the same draws; None where either was not run."""
        if task := place.runs.get("task"):
            return self.gains_by_task(place, over).get(task)
        difference = self._difference(self._average(place), place, over)
        return difference and difference.over_seeds

    def gains_by_task(self, place: Place, over: Row) -> dict[str, Interval]:
        """The gain on every task of the scope; empty where either was not run."""
        difference = self._difference(self.scope(place), place, over)
        return difference.by_task if difference else {}

    def printed_gain(self, place: Place, over: Row) -> float:
        """The difference of the printed numbers; NaN where one is not printed."""
        return self.published(place) - self.published(self.table.place(place.block, over, place.column))

    def published(self, place: Place) -> float:
        """The printed number; NaN where there is none. Raises ValueError where there are several."""
        if not place.printed or self.table.printed is None:
            return math.nan
        by_entries = _printed(*self.table.printed, tuple(place.printed))
        values = by_entries.get(tuple(place.printed.values()), [math.nan])
        if len(values) > 1:
            raise ValueError(f"{self.table.name}: {len(values)} printed numbers have {place.printed}")
        return values[0]

    def obstacle(self, place: Place) -> str:
        """Why the value cannot be compared with the printed one; empty where it can."""
        scope, task = self.scope(place), place.runs.get("task")
        tasks = len(scope.possible if task else scope.tasks)  # an average needs all of them
        backbone = place.runs["backbone"] or self.table.backbone
        incomparable = self.table.incomparable if place.row.incomparable is None else place.row.incomparable
        obstacle = why_not_comparable(scope.scale, scope.backbone, backbone, tasks, len(scope.possible))
        return obstacle or incomparable.get(task, "")

    # Runs

    def which(self, place: Place) -> Selection:
        """The runs of a place. Raises TypeError for a setting that no runs have."""
        settings = {name: setting for name, setting in place.runs.items() if name not in (*Where._fields, "task")}
        if "swept" in settings:
            settings["swept"] = self._sweep(settings["swept"])
        return (Adaptation if "adapt" in settings else Started)(**settings)

    def scope(self, place: Place) -> Scope:
        """The scope of a place."""
        return self.scopes[_where(place)]

    def find(self, row: str, column: str, block: str = "") -> Place:
        """The place of a row, by its key, and a column and a block, by their labels."""
        at = (row, column, block)
        return next(p for p in self.places if (p.row.key, p.column.label, p.block.label) == at)

    def _difference(self, scope: Scope, place: Place, over: Row) -> PairedDifference | None:
        return scope.gain(self.which(place), self.which(self.table.place(place.block, over, place.column)))

    def _average(self, place: Place) -> Scope:
        return self._averaged[_where(place)]

    def _sweep(self, settings: Settings) -> str:
        """What the records sweep where they have these settings; other settings may be swept with them."""
        others = (sweep for sweep, has in self._sweeps.items() if settings.items() <= has.items())
        return next(others, swept(**settings))

    @cached_property
    def _sweeps(self) -> dict[str, Settings]:
        sweeps = self.records.loc[self.records["experiment"].isin(self.table.experiments), "swept"].unique()
        return {sweep: json.loads(sweep) for sweep in sweeps if sweep}

    def _best_less_best(self, place: Place) -> Interval | None:
        """The best of some rows less the best of others on the same draws; None unless every row was run.

        Which are best is decided by their means over seeds, of equals the first.
        """
        best = []
        for keys in place.row.best:
            rows = [self.table.row(key, place.block) for key in keys]
            values = [self.value(self.table.place(place.block, row, place.column)) for row in rows]
            if not all(values):
                return None
            best.append(rows[max(range(len(rows)), key=lambda at: values[at].estimate)])
        ours, theirs = best
        return self.gain(self.table.place(place.block, ours, place.column), theirs)

    # Words

    @cached_property
    def _titled(self) -> dict[Where, Scope]:
        """The scopes that the title speaks about: those that are averaged over, or all where nothing is averaged."""
        averaged = {_where(place) for place in self.places if not place.runs.get("task")}
        return {where: scope for where, scope in self.scopes.items() if where in averaged or not averaged}

    @property
    def setting(self) -> str:
        """Scale, backbones, seeds and tasks."""
        names = [where.backbone for where in self._titled]
        return setting_of(list(self._titled.values()), names).removesuffix("tasks") + self.table.counted

    @property
    def notes(self) -> tuple[str, ...]:
        """The table's own, and what a reader must know before comparing the two numbers of a cell."""
        own = [note for note in map(self._in_words, (*self.table.notes, FIXED_VIEWS)) if note]
        backbone = self.table.backbone if self.table.printed else ""
        of_scopes = (note for scope in self._titled.values() for note in notes_of(scope, backbone))
        meta_trained = any(place.runs.get("start") in META_STARTS for place in self.places)
        one_start = [f"+ GRAM and UNIGRAM have {ONE_START}."] if meta_trained else []
        of_table = self.records[self.records["experiment"].isin(self.table.experiments)]
        return (*own, *one_start, *dict.fromkeys(of_scopes), *fewer_than_shots(of_table))

    def _in_words(self, note: str | Share | Noted) -> str:
        if isinstance(note, str):
            return note
        return self._share(note) if isinstance(note, Share) else note.said(self)

    def _share(self, note: Share) -> str:
        """What part of a gain is lost, as printed and here."""
        place = self.find(note.row, note.column, self.table.blocks[0].label)
        rows = [self.table.row(key, place.block) for key in (note.lost, note.gained)]
        lost, gained = (self.printed_gain(place, row) for row in rows)
        ours = _ratio(*(self.gain(place, row) for row in rows))
        return note.words.format(printed=f"{100 * lost / gained:.0f} %", ours=ours)

    # Details

    def details(self) -> pd.DataFrame:
        """Every task by itself: a row per task and runs, with an interval over seeds; what was not run is left out.

        The columns between task and value are those that tell the runs apart.
        """
        if not self._detailed:
            return pd.DataFrame()
        scope, rows = self.scope(self._detailed[0]), []
        chosen = {which.key: which for which in map(self.which, self._detailed)}.values()  # untuned: once for all shots
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

    @cached_property
    def _detailed(self) -> list[Place]:
        """The places whose tasks stand in the details."""
        details = self.table.details
        if details is None:
            return []
        places = list(self.table.places(details.columns)) if details.columns else self.places
        return sorted(places, key=lambda place: self.table.rows.index(place.row)) if details.by_row else places


def _where(place: Place) -> Where:
    return Where(*(place.runs[name] for name in Where._fields))


def _tuned_on_nothing(place: Place) -> bool:
    runs = place.runs
    return "recipe" in runs and runs["recipe"] not in UNTUNED and runs["shots"] == 0


@cache
def _printed(paper: str, number: int, columns: tuple[str, ...]) -> dict[tuple, list[float]]:
    """The printed numbers of a table by their entries in some columns of the transcription."""
    values = published_values(paper, number).fillna({"source_init": "", "adaptation": ""})
    by_entries: dict[tuple, list[float]] = defaultdict(list)
    for *entries, value in values[[*columns, "value"]].itertuples(index=False):
        by_entries[tuple(entries)].append(value)
    return by_entries


def _ratio(lost: Interval | None, gain: Interval | None) -> str:
    """Ours, in words; a share of a gain needs a gain."""
    if lost is None or gain is None:
        return "not run here"
    if gain.estimate <= 0:
        return "and here there is no such gain"
    if gain.has_width and gain.low <= 0:
        return "and here that gain cannot be told from none"
    return f"{100 * lost.estimate / gain.estimate:.0f} % here"
